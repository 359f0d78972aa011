// DNS rebinding against the real programs: a page whose name resolves to this machine sends its own
// name as Host, and the Origin that belongs to it.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/clients/ws_client.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

using Headers = std::map<std::string, std::string>;

Headers page_of(const std::string& host) {
  return {{"Host", host}, {"Origin", "http://" + host}};
}
int order_status(EngineProcess& engine, const std::string& path, const Headers& headers) {
  HttpClient client(engine.port());
  return client.post(path, order_body(), headers).status;
}
int get_status(EngineProcess& engine, const std::string& target, const Headers& headers) {
  HttpClient client(engine.port());
  return client.send("GET", target, "", headers).status;
}
int upgrade_status(EngineProcess& engine, const std::string& target, const Headers& headers) {
  WsClientOptions options;
  options.target = target;
  options.headers.assign(headers.begin(), headers.end());
  return WsClient(engine.port(), options).http_status();
}

const std::vector<std::string> sockets = {"/ws",
                                          "/ws?orderId=x",
                                          "/order/x",
                                          "/api/orders/execute",
                                          "/api/orders/execute?orderId=x",
                                          "/api/orders/status"};
const std::vector<std::string> reads = {"/",
                                        "/v1/orders",
                                        "/v1/stream?channel=orders",
                                        "/v1/events",
                                        "/v1/config",
                                        "/health",
                                        "/metrics",
                                        "/readyz",
                                        "/openapi.json",
                                        "/no-such-path"};

void expect_refused(EngineProcess& engine, const std::string& host) {
  SCOPED_TRACE(host);
  for (const char* path : {"/v1/orders", "/api/orders/execute", "/order"})
    EXPECT_EQ(order_status(engine, path, page_of(host)), 421) << path;
  for (const std::string& target : reads)
    EXPECT_EQ(get_status(engine, target, {{"Host", host}}), 421) << target;
  for (const std::string& target : sockets)
    EXPECT_EQ(upgrade_status(engine, target, page_of(host)), 421) << target;
}

TEST(Hosts, APageOfAnotherNameCannotReadTradeOrWatch) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--allowed-hosts", "desk.example"}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const std::string port = ":" + std::to_string(engine.port());
  expect_refused(engine, "evil.example" + port);
  expect_refused(engine, "127.0.0.1.evil.example");
  EXPECT_EQ(engine.health_number("headSeq"), 0U);

  for (const std::string& host :
       {"127.0.0.1" + port, "localhost" + port, "LOCALHOST." + port, std::string("[::1]:80"),
        "desk.example" + port, std::string("Desk.Example.")}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(order_status(engine, "/v1/orders", page_of(host)), 202);
    EXPECT_EQ(upgrade_status(engine, "/ws", page_of(host)), 101);
    EXPECT_EQ(get_status(engine, "/v1/orders", {{"Host", host}}), 200);
    Headers other = page_of(host);
    other["Origin"] = "http://evil.example" + port;
    EXPECT_EQ(order_status(engine, "/v1/orders", other), 403);
    EXPECT_EQ(upgrade_status(engine, "/ws", other), 403);
  }
  HttpClient client(engine.port());
  const HttpReply refused = client.send("GET", "/v1/orders", "", {{"Host", "evil.example:80"}});
  const auto problem = parse_json(refused.body);
  EXPECT_EQ(text_at(problem, "code"), "misdirected_host");
  EXPECT_EQ(text_at(problem, "detail"),
            "The Host evil.example:80 is not a name of this server; --allowed-hosts adds names.");
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(Hosts, WithAnAccessFileNamesCountOnlyWhenTheyAreGiven) {
  TemporaryDirectory dir;
  const RunResult made = run({program("order-engine"), "--new-token", "reader:read"});
  const auto access = dir.path() / "access";
  std::ofstream(access) << made.out;
  std::filesystem::permissions(
      access, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::vector<std::string> flags = joined(no_delays, {"--access-file", access.string()});
  {
    EngineProcess engine(dir.path() / "any", flags);
    ASSERT_NO_FATAL_FAILURE(engine.start());
    EXPECT_EQ(get_status(engine, "/v1/orders", {{"Host", "proxy.example"}}), 401);
    EXPECT_EQ(upgrade_status(engine, "/ws", {{"Host", "proxy.example"}}), 401);
    EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  }
  EngineProcess engine(dir.path() / "named", joined(flags, {"--allowed-hosts", "proxy.example"}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_EQ(get_status(engine, "/v1/orders", {{"Host", "proxy.example"}}), 401);
  expect_refused(engine, "other.example");
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(Hosts, AGatewayHasTheSameRule) {
  TemporaryDirectory dir;
  RedisServer redis;
  const std::string database = PostgresServer::shared_database();
  EngineProcess engine(dir.path() / "data", joined(no_delays, store_flags(database, redis)));
  EngineProcess gateway(dir.path() / "gateway", gateway_flags(database, redis));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  ASSERT_NO_FATAL_FAILURE(gateway.start());
  expect_refused(gateway, "evil.example");
  EXPECT_EQ(upgrade_status(gateway, "/ws", page_of("localhost")), 101);
  EXPECT_EQ(get_status(gateway, "/v1/orders", {{"Host", "localhost"}}), 200);
  EXPECT_EQ(gateway.stop(), 0) << gateway.log_text();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

}  // namespace
}  // namespace oee::test
