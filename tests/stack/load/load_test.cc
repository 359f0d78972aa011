// Ten thousand orders through the real programs: every accepted order ends, the log verifies, the
// tables are its fold, and every subscriber receives all updates of its order once and in order.
#include <gtest/gtest.h>

#include "tests/support/clients/ws_client.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

constexpr int orders_total = 10'000;

std::vector<std::string> load_command(const EngineProcess& engine, int orders) {
  return {program("order-load"),
          "--url",
          engine.url(),
          "--orders",
          std::to_string(orders),
          "--connections",
          "32",
          "--grace",
          "180s",
          "--quiet",
          "--json"};
}

void expect_verified(const EngineProcess& engine) {
  const auto verified = run({program("log-dump"), "verify", engine.data_dir().string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_NE(verified.out.find("ok events="), std::string::npos) << verified.out;
}

void expect_tables_equal_the_fold(const EngineProcess& engine, const std::string& postgres_url) {
  const auto checked = run({program("rebuild-projections"), "--data-dir",
                            engine.data_dir().string(), "--postgres-url", postgres_url, "--check"},
                           120);
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

// The updates of one order as a subscriber receives them. Each is checked on arrival.
struct OrderUpdates {
  std::int64_t last_seq = 0;
  std::int64_t last_version = 0;
  std::string last_status;
  bool ended() const { return last_status == "confirmed" || last_status == "failed"; }
  void take(const boost::json::value& update) {
    EXPECT_GT(update.at("seq").as_int64(), last_seq);
    EXPECT_EQ(update.at("version").as_int64(), last_version + 1) << boost::json::serialize(update);
    last_seq = update.at("seq").as_int64();
    last_version = update.at("version").as_int64();
    last_status = text_at(update, "status");
  }
};

TEST(Load, TenThousandOrdersOnTheEmbeddedDefaultAllEnd) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", {"--log-level", "warn"});
  engine.start();
  const auto loaded = run(load_command(engine, orders_total), 240);
  EXPECT_EQ(loaded.exit_code, 0) << loaded.out << loaded.err;
  EXPECT_EQ(engine.health_number("openOrders"), 0U);
  expect_verified(engine);  // while it runs
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  expect_verified(engine);
}

// Under load the engine may refuse an order with 503 for a short time.
HttpReply place_when_accepted(HttpClient& client) {
  HttpReply placed = client.post("/v1/orders", order_body());
  for (int tries = 0; placed.status == 503 && tries < 200; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    placed = client.post("/v1/orders", order_body());
  }
  return placed;
}

TEST(Load, WithPostgresAndRedisTablesAreTheFoldAndSubscribersSeeAll) {
  TemporaryDirectory dir;
  RedisServer redis;
  const std::string postgres_url = PostgresServer::shared_database();
  EngineProcess engine(dir.path() / "data",
                       {"--log-level", "warn", "--venue-delay", "50ms-150ms", "--quote-delay",
                        "5ms-20ms", "--postgres-url", postgres_url, "--redis-url", redis.url()});
  engine.start();
  ChildProcess load(load_command(engine, orders_total), dir.path() / "load.out");

  constexpr int watchers = 100;
  HttpClient client(engine.port());
  std::vector<std::unique_ptr<WsClient>> sockets;
  std::vector<OrderUpdates> orders(watchers);
  for (int i = 0; i < watchers; ++i) {
    const HttpReply placed = place_when_accepted(client);
    ASSERT_EQ(placed.status, 202) << placed.body;
    sockets.push_back(std::make_unique<WsClient>(engine.port()));
    ASSERT_TRUE(sockets.back()->open()) << i << ": " << sockets.back()->http_status();
    const std::string id = text_at(parse_json(placed.body), "orderId");
    sockets.back()->send(R"({"type":"subscribe","orderId":")" + id + R"(","after":0})");
  }
  for (int i = 0; i < watchers; ++i) {
    int caught_up = 0;
    while (!orders[i].ended()) {
      const auto message = sockets[i]->read(std::chrono::seconds(60));
      ASSERT_TRUE(message.has_value())
          << "socket " << i << " ended: " << sockets[i]->close_reason();
      const auto json = parse_json(*message);
      if (text_at(json, "type") == "caughtUp") ++caught_up;
      if (text_at(json, "type") == "update") orders[i].take(json);
    }
    EXPECT_LE(caught_up, 1);
    EXPECT_GE(orders[i].last_version, 6);
  }
  EXPECT_EQ(load.wait(240), 0);
  ASSERT_TRUE(EngineProcess::eventually(
      60, [&] { return engine.health_number("projectedSeq") == engine.health_number("headSeq"); }));
  expect_tables_equal_the_fold(engine, postgres_url);
  expect_verified(engine);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

// Reads the whole stream and expects every seq once. It reads late, so the server may close it as a
// slow reader; it then resumes after its last seq.
class AllOrdersReader {
 public:
  explicit AllOrdersReader(std::uint16_t port) : port_(port) { connect(); }
  // Reads up to `seq`. false: the stream ended, or nothing arrived for `wait`.
  bool read_to(std::int64_t seq, std::chrono::milliseconds wait) {
    while (last_ < seq) {
      const auto message = socket_->read(wait);
      if (!message && socket_->close_code() != 1013) return false;
      if (!message) {
        connect();
        continue;
      }
      const auto json = parse_json(*message);
      const std::string type = text_at(json, "type");
      if (type == "update") take(json);
      if (type == "updates")
        for (const auto& update : json.at("updates").as_array()) take(update);
    }
    return true;
  }
  std::int64_t last() const { return last_; }
  std::string ended() const { return socket_->close_reason(); }

 private:
  void connect() {
    socket_ = std::make_unique<WsClient>(port_);
    socket_->send(R"({"type":"subscribe","channel":"orders","batch":true,"after":)" +
                  std::to_string(last_) + "}");
  }
  void take(const boost::json::value& update) {
    EXPECT_EQ(update.at("seq").as_int64(), last_ + 1);
    last_ = update.at("seq").as_int64();
  }
  const std::uint16_t port_;
  std::unique_ptr<WsClient> socket_;
  std::int64_t last_ = 0;
};

TEST(Dependencies, RedisAndPostgresMayFailUnderLoadAndNothingIsMissing) {
  TemporaryDirectory dir;
  RedisServer redis;
  PostgresServer postgres;
  const std::string postgres_url = postgres.url("orders");
  EngineProcess engine(dir.path() / "data",
                       {"--log-level", "error", "--venue-delay", "10ms-30ms", "--quote-delay",
                        "0ms", "--postgres-url", postgres_url, "--redis-url", redis.url()});
  engine.start();
  AllOrdersReader reader(engine.port());
  std::vector<std::string> command = load_command(engine, 6'000);
  command.insert(command.end(), {"--rate", "500"});
  ChildProcess load(command, dir.path() / "load.out");
  const auto pause = [&](int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); };
  HttpClient client(engine.port());
  pause(1'500);
  redis.stop();
  EXPECT_TRUE(EngineProcess::eventually(10, [&] { return client.get("/readyz").status == 503; }));
  pause(1'000);
  redis.start();
  pause(1'000);
  postgres.stop();
  EXPECT_TRUE(EngineProcess::eventually(15, [&] {
    return client.get("/readyz").body.find("postgres") != std::string::npos;
  })) << client.get("/readyz").body;
  EXPECT_EQ(client.post("/v1/orders", order_body()).status, 202);
  postgres.start();
  EXPECT_EQ(load.wait(120), 0);
  EXPECT_TRUE(EngineProcess::eventually(30, [&] { return client.get("/readyz").status == 200; }))
      << client.get("/readyz").body;
  const auto head = static_cast<std::int64_t>(engine.health_number("headSeq"));
  EXPECT_GT(head, 6'000 * 5);
  EXPECT_TRUE(reader.read_to(head, std::chrono::seconds(15)))
      << "the stream stopped at " << reader.last() << " of " << head << ": " << reader.ended();
  ASSERT_TRUE(EngineProcess::eventually(
      60, [&] { return engine.health_number("projectedSeq") == engine.health_number("headSeq"); }));
  expect_tables_equal_the_fold(engine, postgres_url);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(Dependencies, BothMayBeDownAtTheStartAndTheEngineCatchesUpByItself) {
  TemporaryDirectory dir;
  RedisServer redis;
  PostgresServer postgres;
  const std::string postgres_url = postgres.url("orders");
  redis.stop();
  postgres.stop();
  EngineProcess engine(dir.path() / "data",
                       {"--log-level", "error", "--venue-delay", "0ms", "--quote-delay", "0ms",
                        "--postgres-url", postgres_url, "--redis-url", redis.url()});
  engine.start(false);
  HttpClient client(engine.port());
  const auto reports = [&](const char* what) {
    return EngineProcess::eventually(10, [&] {
      const HttpReply reply = client.get("/readyz");
      return reply.status == 503 && reply.body.find(what) != std::string::npos;
    });
  };
  EXPECT_TRUE(reports("postgres")) << client.get("/readyz").body;
  EXPECT_TRUE(reports("redis")) << client.get("/readyz").body;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
  EXPECT_TRUE(
      EngineProcess::eventually(20, [&] { return engine.health_number("openOrders") == 0; }));
  redis.start();
  postgres.start();
  EXPECT_TRUE(EngineProcess::eventually(30, [&] { return client.get("/readyz").status == 200; }))
      << client.get("/readyz").body;
  ASSERT_TRUE(EngineProcess::eventually(
      30, [&] { return engine.health_number("projectedSeq") == engine.health_number("headSeq"); }));
  expect_tables_equal_the_fold(engine, postgres_url);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(Gateway, ServesReadsAndTheStreamAndRefusesWrites) {
  TemporaryDirectory dir;
  RedisServer redis;
  const std::string postgres_url = PostgresServer::shared_database();
  const std::vector<std::string> shared = {"--log-level", "warn",        "--postgres-url",
                                           postgres_url,  "--redis-url", redis.url()};
  std::vector<std::string> engine_flags = no_delays;
  engine_flags.insert(engine_flags.end(), shared.begin() + 2, shared.end());
  std::vector<std::string> gateway_flags = shared;
  gateway_flags.insert(gateway_flags.end(), {"--role", "gateway"});
  EngineProcess engine(dir.path() / "data", engine_flags);
  EngineProcess gateway(dir.path() / "gateway", gateway_flags);
  engine.start();
  gateway.start();
  HttpClient to_engine(engine.port()), to_gateway(gateway.port());
  AllOrdersReader reader(gateway.port());
  std::string last;
  for (int i = 0; i < 50; ++i)
    last = text_at(parse_json(to_engine.post("/v1/orders", order_body()).body), "orderId");
  ASSERT_TRUE(
      EngineProcess::eventually(20, [&] { return engine.health_number("openOrders") == 0; }));
  const auto head = static_cast<std::int64_t>(engine.health_number("headSeq"));
  EXPECT_TRUE(reader.read_to(head, std::chrono::seconds(15))) << reader.last() << " of " << head;
  const std::string after = "?afterSeq=" + std::to_string(head);
  EXPECT_EQ(to_gateway.get("/v1/orders" + after).body, to_engine.get("/v1/orders" + after).body);
  for (const std::string& target : {"/v1/orders/" + last, "/v1/orders/" + last + "?at=10000"})
    EXPECT_EQ(to_gateway.get(target).body, to_engine.get(target).body);
  const auto of_gateway = parse_json(to_gateway.get("/v1/orders/" + last + "/events").body);
  auto of_engine = parse_json(to_engine.get("/v1/orders/" + last + "/events").body);
  for (auto& event : of_engine.at("items").as_array())  // only the log's records have a hash
    EXPECT_EQ(event.as_object().erase("hash"), 1U);
  EXPECT_EQ(of_gateway, of_engine);
  const HttpReply refused = to_gateway.post("/v1/orders", order_body());
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("--role all"), std::string::npos) << refused.body;
  EXPECT_EQ(to_gateway.get("/v1/quote?inputToken=SOL&outputToken=USDC&amount=1").status, 503);
  EXPECT_EQ(to_gateway.del("/v1/orders/" + last).status, 503);
  EXPECT_EQ(gateway.stop(), 0) << gateway.log_text();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

}  // namespace
}  // namespace oee::test
