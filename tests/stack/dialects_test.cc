// Clients of other engines against one real engine: each submits, watches and reaches the order's
// end in its own dialect.
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <regex>

#include "tests/support/clients/ws_client.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

// Slow enough that a client receives the later steps live after its answer.
const std::vector<std::string> unhurried = {"--venue-delay", "200ms", "--quote-delay", "100ms",
                                            "--log-level",   "warn",  "--backoff",     "20ms"};
const std::string execute = "/api/orders/execute";
const std::string swap_of_a = R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5})";
const std::string swap_of_c = R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1.5,"slippage":0.01})";
std::string swap_of_d(const std::string& max_slippage) {
  return R"({"token_in":"SOL","token_out":"USDC","amount":1.5,"order_type":"market",)"
         R"("max_slippage":)" +
         max_slippage + "}";
}

WsClientOptions at(const std::string& target) {
  WsClientOptions options;
  options.target = target;
  return options;
}

std::string submit(EngineProcess& engine, const std::string& path, const std::string& body,
                   const char* id_key = "orderId") {
  HttpClient client(engine.port());
  const HttpReply reply = client.post(path, body);
  EXPECT_EQ(reply.status, 200) << reply.body;
  return text_at(parse_json(reply.body), id_key);
}

// The frames that a watcher received: the "status" of each, as "pending routing ...", and the last
// one.
struct Seen {
  std::string statuses;
  json::object last;
};
void take(Seen& seen, const std::string& text) {
  seen.last = parse_json(text).as_object();
  seen.statuses += (seen.statuses.empty() ? "" : " ") + text_at(seen.last, "status");
}
bool is_end(const Seen& seen) {
  const std::string status = text_at(seen.last, "status");
  return status == "confirmed" || status == "failed";
}
Seen watch(WsClient& client) {
  Seen seen;
  while (!is_end(seen)) {
    const auto text = client.read();
    if (!text) {
      ADD_FAILURE() << "no further frame after: " << seen.statuses;
      break;
    }
    take(seen, *text);
  }
  return seen;
}
std::string keys_of(const json::object& frame) {
  std::string keys;
  for (const auto& member : frame) keys += (keys.empty() ? "" : " ") + std::string(member.key());
  return keys;
}

std::string status_of(EngineProcess& engine, const std::string& id) {
  HttpClient client(engine.port());
  return text_at(parse_json(client.get("/v1/orders/" + id).body), "status");
}
std::size_t count_events(EngineProcess& engine, const std::string& id, const std::string& type) {
  HttpClient client(engine.port());
  const auto events = parse_json(client.get("/v1/orders/" + id + "/events?type=" + type).body);
  return events.at("items").as_array().size();
}

const std::string all_statuses = "pending routing building submitted confirmed";

// E: one TCP connection for the POST and then the WebSocket.
Seen submit_and_upgrade(EngineProcess& engine) {
  namespace asio = boost::asio;
  namespace http = boost::beast::http;
  asio::io_context io;
  boost::beast::websocket::stream<asio::ip::tcp::socket> ws(io);
  auto& socket = ws.next_layer();
  socket.connect({asio::ip::make_address("127.0.0.1"), engine.port()});
  http::request<http::string_body> request(http::verb::post, execute, 11);
  const std::string host = "127.0.0.1:" + std::to_string(engine.port());
  request.set(http::field::host, host);
  request.set(http::field::content_type, "application/json");
  request.body() = swap_of_a;
  request.prepare_payload();
  http::write(socket, request);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  EXPECT_EQ(response.result_int(), 200U) << response.body();
  const auto answer = parse_json(response.body());
  EXPECT_FALSE(text_at(answer, "message").empty());
  ws.handshake(host, execute + "?orderId=" + text_at(answer, "orderId"));
  Seen seen;
  while (!is_end(seen)) {
    boost::beast::flat_buffer frame;
    ws.read(frame);
    take(seen, boost::beast::buffers_to_string(frame.data()));
    EXPECT_EQ(keys_of(seen.last), "id status timestamp");
    EXPECT_EQ(text_at(seen.last, "id"), text_at(answer, "orderId"));
  }
  return seen;
}

TEST(DialectClients, AllFiveRunAgainstOneEngine) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", unhurried);
  ASSERT_NO_FATAL_FAILURE(engine.start());

  const std::string a = submit(engine, execute, swap_of_a);
  WsClient a_socket(engine.port());
  ASSERT_TRUE(a_socket.send(R"({"type":"subscribe","orderId":")" + a + "\"}"));
  const auto state = a_socket.read();
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(keys_of(parse_json(*state).as_object()), "orderId status txHash executedPrice dex");

  const std::string b = submit(engine, execute, R"({"amount":1.5})");
  WsClient b_socket(engine.port(), at("/ws?orderId=" + b));
  const std::string c = submit(engine, "/order", swap_of_c);
  WsClient c_socket(engine.port(), at("/order/" + c));
  WsClient d_socket(engine.port(), at(execute));
  const std::string d = submit(engine, execute, swap_of_d("0.02"), "order_id");
  ASSERT_TRUE(d_socket.send(d));

  EXPECT_EQ(submit_and_upgrade(engine).statuses, all_statuses);

  const Seen a_seen = watch(a_socket);
  EXPECT_TRUE(a_seen.last.at("executedPrice").is_number());
  EXPECT_TRUE(a_seen.last.at("txHash").is_string());
  EXPECT_EQ(a_seen.last.if_contains("type"), nullptr);

  const Seen b_seen = watch(b_socket);
  EXPECT_EQ(b_seen.statuses, all_statuses);
  EXPECT_EQ(keys_of(b_seen.last), "status txHash price");

  const auto greeting = c_socket.read();
  ASSERT_TRUE(greeting.has_value());
  EXPECT_EQ(keys_of(parse_json(*greeting).as_object()),
            "type status orderId connectionId message timestamp");
  const Seen c_seen = watch(c_socket);
  EXPECT_EQ(c_seen.statuses, all_statuses);
  EXPECT_EQ(keys_of(c_seen.last),
            "type status orderId timestamp message txHash executedPrice dex amount");
  EXPECT_EQ(c_socket.wait_closed(), 1000);

  const Seen d_seen = watch(d_socket);
  EXPECT_EQ(d_seen.statuses, all_statuses);
  EXPECT_EQ(keys_of(d_seen.last), "order_id status execution_price tx_hash reason");
  EXPECT_TRUE(d_seen.last.at("reason").is_null());
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(DialectClients, AnOrderIsExecutedOnceWithOrWithoutWatchers) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", unhurried);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const std::string unwatched = submit(engine, "/order", swap_of_c);
  const std::string watched = submit(engine, execute, swap_of_a);
  WsClient first(engine.port(), at(execute + "?orderId=" + watched));
  WsClient second(engine.port(), at("/ws?orderId=" + watched));
  EXPECT_EQ(watch(first).statuses, all_statuses);
  EXPECT_EQ(watch(second).statuses, all_statuses);
  EXPECT_TRUE(
      EngineProcess::eventually(10, [&] { return status_of(engine, unwatched) == "confirmed"; }));
  for (const std::string& id : {watched, unwatched}) {
    EXPECT_EQ(count_events(engine, id, "TransactionBuilt"), 1U);
    EXPECT_EQ(count_events(engine, id, "OrderConfirmed"), 1U);
  }
  // A late subscriber receives the same.
  WsClient late(engine.port(), at("/order/" + unwatched));
  EXPECT_TRUE(late.read().value_or("").starts_with(R"({"type":"connection")"));
  EXPECT_EQ(watch(late).statuses, all_statuses);
  EXPECT_EQ(late.wait_closed(), 1000);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(DialectClients, DReceivesHowFarThePriceMoved) {
  TemporaryDirectory dir;
  EngineProcess engine(
      dir.path() / "data",
      joined(no_delays, {"--venue-faults", "move=300", "--backoff", "1ms", "--max-attempts", "2"}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const std::string id = submit(engine, execute, swap_of_d("0.0101"), "order_id");
  WsClient client(engine.port(), at("/api/orders/status"));
  ASSERT_TRUE(client.send(id));
  const Seen seen = watch(client);
  EXPECT_EQ(seen.statuses, "pending routing building pending routing building failed");
  const std::string reason = text_at(seen.last, "reason");
  EXPECT_TRUE(
      std::regex_match(reason, std::regex(R"(Price moved \d+\.\d\d% \(max allowed: 1\.01%\))")))
      << reason;
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(DialectClients, OrdersThatMustFailBecomeDeadLettersAndAreCleared) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data",
                       joined(no_delays, {"--enable-test-endpoints", "--backoff", "1ms"}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  const HttpReply one = client.post("/test/dlq", "{}");
  ASSERT_EQ(one.status, 200) << one.body;
  const std::string id = text_at(parse_json(one.body), "orderId");
  WsClient socket(engine.port(), at("/order/" + id));
  EXPECT_TRUE(socket.read().value_or("").starts_with(R"({"type":"connection")"));
  const Seen seen = watch(socket);
  EXPECT_EQ(text_at(seen.last, "status"), "failed");
  EXPECT_EQ(socket.wait_closed(), 1000);
  ASSERT_EQ(client.post("/test/dlq/bulk", "{}").status, 200);
  const auto total = [&] {
    return parse_json(client.get("/api/dlq/stats").body).at("totalFailed").as_int64();
  };
  EXPECT_TRUE(EngineProcess::eventually(20, [&] { return total() == 6; }));
  const auto list = parse_json(client.get("/api/dlq/failed-orders").body);
  EXPECT_EQ(list.at("count").as_int64(), 6);
  for (const auto& job : list.at("failedJobs").as_array()) {
    EXPECT_EQ(text_at(job, "failureReason"), "slippage_exceeded");
    EXPECT_EQ(job.at("attemptsMade").as_int64(), 3);
  }
  EXPECT_EQ(count_events(engine, id, "TransactionBuilt"), 3U);
  EXPECT_EQ(parse_json(client.del("/api/dlq/clear").body).at("cleared").as_int64(), 6);
  EXPECT_EQ(total(), 0);
  EXPECT_EQ(count_events(engine, id, "DeadLetterDiscarded"), 1U);
  EXPECT_EQ(parse_json(client.del("/api/dlq/clear/failed").body).at("clearedCount").as_int64(), 0);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  const RunResult verified = run({program("log-dump"), "verify", engine.data_dir().string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
}

// The answer to an order of client C, and the status of an upgrade to its socket.
std::pair<int, int> statuses_of_c(EngineProcess& engine) {
  HttpClient client(engine.port());
  const int order = client.post("/order", swap_of_c).status;
  return {order, WsClient(engine.port(), at("/order/x")).http_status()};
}

TEST(DialectClients, BeyondLoopbackOnlyTheNamedOnesAreServed) {
  const std::vector<std::string> open = joined(no_delays, {"--insecure-open-access"});
  const std::pair served(200, 101);
  const std::pair absent(404, 404);
  const auto with = [&](const std::vector<std::string>& more, const std::string& host) {
    TemporaryDirectory dir;
    EngineProcess engine(dir.path() / "data", joined(open, more));
    engine.set_listen_host(host);
    engine.start();
    HttpClient client(engine.port());
    EXPECT_EQ(client.post("/v1/orders", order_body()).status, 202);
    const auto statuses = statuses_of_c(engine);
    EXPECT_EQ(engine.stop(), 0) << engine.log_text();
    return statuses;
  };
  EXPECT_EQ(with({}, "127.0.0.1"), served);
  EXPECT_EQ(with({"--dialects", "A,B,D,E"}, "127.0.0.1"), absent);
  EXPECT_EQ(with({}, "0.0.0.0"), absent);
  EXPECT_EQ(with({"--dialects", "c"}, "0.0.0.0"), served);
}

TEST(DialectClients, AGatewayStreamsOrdersAndAcceptsNone) {
  TemporaryDirectory dir;
  RedisServer redis;
  const std::vector<std::string> shared = {"--postgres-url", PostgresServer::shared_database(),
                                           "--redis-url", redis.url()};
  EngineProcess engine(dir.path() / "data", joined(unhurried, shared));
  EngineProcess gateway(dir.path() / "gateway",
                        joined({"--role", "gateway", "--log-level", "warn"}, shared));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  ASSERT_NO_FATAL_FAILURE(gateway.start());
  const std::string id = submit(engine, execute, swap_of_a);
  // A gateway may not know an order yet that was just accepted.
  HttpClient reader(gateway.port());
  ASSERT_TRUE(
      EngineProcess::eventually(10, [&] { return reader.get("/v1/orders/" + id).status == 200; }));
  WsClient b(gateway.port(), at("/ws?orderId=" + id));
  WsClient e(gateway.port(), at(execute + "?orderId=" + id));
  WsClient d(gateway.port(), at(execute));
  ASSERT_TRUE(d.send(id));
  for (WsClient* client : {&b, &e, &d}) EXPECT_EQ(watch(*client).statuses, all_statuses);
  WsClient late(gateway.port(), at("/order/" + id));
  EXPECT_TRUE(late.read().value_or("").starts_with(R"({"type":"connection")"));
  EXPECT_EQ(watch(late).statuses, all_statuses);
  EXPECT_EQ(late.wait_closed(), 1000);
  EXPECT_EQ(reader.post(execute, swap_of_a).status, 503);
  EXPECT_EQ(reader.post("/order", swap_of_c).status, 503);
  EXPECT_EQ(reader.del("/api/dlq/clear").status, 503);
  EXPECT_EQ(reader.get("/api/dlq/stats").status, 200);
  EXPECT_EQ(reader.get("/api/dlq/failed-orders").status, 200);
  EXPECT_EQ(gateway.stop(), 0) << gateway.log_text();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

}  // namespace
}  // namespace oee::test
