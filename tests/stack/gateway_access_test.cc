// A gateway has the same access control as the engine: tokens, roles, rate limits and TLS of reads
// and streams that come from PostgreSQL and Redis.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/support/clients/certificate.h"
#include "tests/support/clients/sse_client.h"
#include "tests/support/clients/tls_client.h"
#include "tests/support/clients/ws_client.h"
#include "tests/support/process/access_file_test.h"

namespace oee::test {
namespace {

const std::string all_orders = R"({"type":"subscribe","channel":"orders","after":0})";

class GatewayAccess : public AccessFileTest {
 protected:
  void SetUp() override {
    shared_ = {"--postgres-url", PostgresServer::shared_database(), "--redis-url", redis_.url()};
    engine_.emplace(dir_.path() / "data", joined(no_delays, shared_));
    ASSERT_NO_FATAL_FAILURE(engine_->start());
  }
  // Starts the gateway and waits until it listens. /readyz would need another client when it has
  // TLS.
  void start_gateway(const std::vector<std::string>& flags) {
    gateway_.emplace(dir_.path() / "gateway",
                     joined(joined({"--role", "gateway"}, shared_), flags));
    gateway_->launch();
    ASSERT_TRUE(EngineProcess::eventually(30, [&] { return logged("listening"); }))
        << gateway_->log_text();
  }
  bool logged(const std::string& what) const {
    return gateway_->log_text().find(what) != std::string::npos;
  }
  std::string place() {
    HttpClient client(engine_->port());
    const HttpReply placed = client.post("/v1/orders", order_body());
    EXPECT_EQ(placed.status, 202) << placed.body;
    return text_at(parse_json(placed.body), "orderId");
  }
  static WsClientOptions with(const std::string& name, const std::string& value) {
    WsClientOptions options;
    options.headers = {{name, value}};
    return options;
  }
  // Reads until a frame reports the order as confirmed.
  static bool sees_confirmed(WsClient& socket, const std::string& id) {
    for (;;) {
      const auto frame = socket.read();
      if (!frame) return false;
      if (frame->find(id) != frame->npos && frame->find(R"("confirmed")") != frame->npos)
        return true;
    }
  }
  RedisServer redis_;
  std::vector<std::string> shared_;
  std::optional<EngineProcess> engine_, gateway_;
};

TEST_F(GatewayAccess, TokensAndRolesCountForReadsWritesAndStreams) {
  const std::string reader = new_token("reader:read");
  const std::string trader = new_token("trader:submit");
  const std::string operator_token = new_token("ops:operate");
  ASSERT_NO_FATAL_FAILURE(start_gateway({"--access-file", access_file()}));
  HttpClient client(gateway_->port());
  ASSERT_TRUE(EngineProcess::eventually(10, [&] { return client.get("/readyz").status == 200; }));
  const std::string id = place();
  struct Case {
    const char* method;
    std::string target;
    std::string secret;
    int status;
  };
  const Case cases[] = {
      {"GET", "/v1/orders", "", 401},
      {"GET", "/v1/orders", "oee_" + std::string(64, '0'), 401},
      {"GET", "/v1/orders", trader, 403},
      {"GET", "/v1/orders", reader, 200},
      {"GET", "/v1/orders/" + id, "", 401},
      {"GET", "/v1/events", trader, 403},
      {"GET", "/v1/events", reader, 200},
      {"GET", "/v1/dead-letters", reader, 200},
      {"GET", "/v1/stream?channel=orders", "", 401},
      {"GET", "/metrics", "", 401},
      {"GET", "/metrics", reader, 200},
      {"GET", "/health", "", 200},
      // A caller without the right to write gets 403; only others get the gateway's 503.
      {"POST", "/v1/orders", "", 401},
      {"POST", "/v1/orders", reader, 403},
      {"POST", "/v1/orders", trader, 503},
      {"POST", "/api/orders/execute", reader, 403},
      {"POST", "/api/orders/execute", trader, 503},
      {"DELETE", "/v1/dead-letters/" + id, trader, 403},
      {"DELETE", "/v1/dead-letters/" + id, operator_token, 503},
      {"DELETE", "/api/dlq/clear", operator_token, 503},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(each.method) + " " + each.target);
    const Headers headers = each.secret.empty() ? Headers() : bearer(each.secret);
    const std::string body = std::string(each.method) == "POST" ? order_body() : "";
    const HttpReply reply = client.send(each.method, each.target, body, headers);
    EXPECT_EQ(reply.status, each.status) << reply.body;
  }
  EXPECT_EQ(WsClient(gateway_->port()).http_status(), 401);
  EXPECT_EQ(WsClient(gateway_->port(), with("Authorization", "Bearer " + trader)).http_status(),
            403);
  WsClient browser(gateway_->port(), with("Sec-WebSocket-Protocol", "oee, bearer." + reader));
  ASSERT_TRUE(browser.open());
  EXPECT_EQ(browser.header("Sec-WebSocket-Protocol"), "oee");
  browser.send(all_orders);
  EXPECT_TRUE(sees_confirmed(browser, id));
  const std::string later = place();
  EXPECT_TRUE(sees_confirmed(browser, later));
  SseOptions asked;
  asked.headers = bearer(reader);
  SseClient stream(gateway_->port(), "/v1/stream?orderId=" + later + "&after=0", asked);
  ASSERT_EQ(stream.status(), 200);
  EXPECT_TRUE(stream.next_event().has_value());
  const std::string log = gateway_->log_text();
  for (const std::string& secret : {reader, trader, operator_token})
    EXPECT_EQ(log.find(secret), log.npos);
  EXPECT_EQ(gateway_->stop(), 0);
}

TEST_F(GatewayAccess, ASighupEndsTheStreamsOfATokenThatIsGone) {
  const std::string kept = new_token("kept:read");
  const std::string kept_line = lines_;
  const std::string gone = new_token("gone:read");
  ASSERT_NO_FATAL_FAILURE(start_gateway({"--access-file", access_file()}));
  WsClient good(gateway_->port(), with("Authorization", "Bearer " + kept));
  WsClient bad(gateway_->port(), with("Authorization", "Bearer " + gone));
  ASSERT_TRUE(good.open() && bad.open());
  good.send(all_orders);
  bad.send(all_orders);
  SseOptions asked;
  asked.headers = bearer(gone);
  SseClient stream(gateway_->port(), "/v1/stream?channel=orders", asked);
  ASSERT_EQ(stream.status(), 200);
  // All sockets are served by now. One in its handshake would be closed without a close frame.
  const std::string before = place();
  ASSERT_TRUE(sees_confirmed(good, before) && sees_confirmed(bad, before));
  ASSERT_TRUE(stream.next_event().has_value());
  lines_ = kept_line;
  access_file();
  gateway_->child().signal(SIGHUP);
  EXPECT_EQ(bad.wait_closed(), 1008);
  EXPECT_NE(stream.rest().find("unauthorized"), std::string::npos);
  EXPECT_TRUE(sees_confirmed(good, place()));
}

TEST_F(GatewayAccess, ARateLimitCountsRequestsAndMessages) {
  ASSERT_NO_FATAL_FAILURE(start_gateway({"--rate-limit", "1", "--rate-limit-burst", "5"}));
  HttpClient client(gateway_->port());
  int served = 0;
  HttpReply refused;
  for (int i = 0; i < 20 && refused.status != 429; ++i) {
    refused = client.get("/v1/orders");
    served += refused.status == 200 ? 1 : 0;
  }
  EXPECT_EQ(refused.status, 429) << refused.body;
  EXPECT_GE(served, 4);
  EXPECT_LE(served, 8);  // a second or two may have passed
  EXPECT_TRUE(refused.headers.contains("retry-after"));
  EXPECT_TRUE(refused.headers.contains("ratelimit-policy"));
  EXPECT_EQ(WsClient(gateway_->port()).http_status(), 429);
  EXPECT_EQ(client.get("/readyz").status, 200) << "a probe is not limited";
  std::this_thread::sleep_for(std::chrono::seconds(4));
  WsClient talker(gateway_->port());
  ASSERT_TRUE(talker.open());
  bool limited = false;
  for (int i = 0; i < 20 && !limited; ++i) {
    talker.send(R"({"type":"ping"})");
    const auto frame = talker.read();
    limited = frame && frame->find("rate_limited") != frame->npos;
  }
  EXPECT_TRUE(limited);
}

TEST_F(GatewayAccess, ReadsAndStreamsGoOverTls) {
  const std::string reader = new_token("reader:read");
  const CertificateFiles files = write_certificate(dir_.path(), "gateway", "gateway.example");
  ASSERT_NO_FATAL_FAILURE(
      start_gateway({"--access-file", access_file(), "--tls-cert", files.certificate.string(),
                     "--tls-key", files.key.string()}));
  HttpClient plain(gateway_->port());
  const HttpReply refused = plain.get("/health");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("tls_required"), std::string::npos) << refused.body;
  const auto ask = [&](const std::string& target, const std::string& more) {
    TlsClient client(gateway_->port());
    EXPECT_EQ(client.server(), "gateway.example");
    client.send("GET " + target + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n");
    return client.response();
  };
  const std::string id = place();
  const std::string as_reader = "Authorization: Bearer " + reader + "\r\n";
  EXPECT_TRUE(ask("/v1/orders/" + id, "").starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    return ask("/v1/orders/" + id, as_reader).find(R"("status":"confirmed")") != std::string::npos;
  }));
  EXPECT_FALSE(SecureWsClient(gateway_->port()).open());
  SecureWsClient socket(gateway_->port(), "Bearer " + reader);
  ASSERT_TRUE(socket.open());
  EXPECT_NE(socket.ask(all_orders).find("subscribed"), std::string::npos);
  const std::string later = place();
  std::string frame;
  while (frame.find(later) == frame.npos || frame.find(R"("confirmed")") == frame.npos) {
    frame = socket.next();
    ASSERT_NE(frame, "");
  }
}

}  // namespace
}  // namespace oee::test
