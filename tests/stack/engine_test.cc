// One real engine from outside: REST, restart, exit codes.
#include <gtest/gtest.h>

#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

boost::json::value wait_for_end(HttpClient& client, const std::string& id) {
  boost::json::value order;
  EXPECT_TRUE(EngineProcess::eventually(20, [&] {
    order = parse_json(client.get("/v1/orders/" + id).body);
    const std::string status = text_at(order, "status");
    return status == "confirmed" || status == "failed" || status == "cancelled" ||
           status == "expired";
  })) << boost::json::serialize(order);
  return order;
}

TEST(Engine, ExecutesAnOrderAndReportsEveryEvent) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  engine.start();
  HttpClient client(engine.port());
  const HttpReply placed = client.post("/v1/orders", order_body());
  ASSERT_EQ(placed.status, 202) << placed.body;
  const std::string id = text_at(parse_json(placed.body), "orderId");
  EXPECT_EQ(placed.headers.at("location"), "/v1/orders/" + id);
  const auto order = wait_for_end(client, id);
  EXPECT_EQ(text_at(order, "status"), "confirmed");
  EXPECT_EQ(text_at(order, "amountIn"), "1.5");
  EXPECT_FALSE(text_at(order, "executedPrice").empty());
  const std::size_t tx_length = text_at(order, "txHash").size();
  EXPECT_TRUE(tx_length == 87 || tx_length == 88) << tx_length;
  const auto events = parse_json(client.get("/v1/orders/" + id + "/events").body);
  std::string types;
  for (const auto& event : events.at("items").as_array()) types += text_at(event, "type") + " ";
  EXPECT_EQ(types,
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
            "OrderConfirmed ");
  EXPECT_EQ(events.at("items").at(2).at("data").at("quotes").as_array().size(), 2U);
  const auto then = parse_json(client.get("/v1/orders/" + id + "?at=1").body);
  EXPECT_EQ(text_at(then, "status"), "pending");
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(Engine, AnswersAKeyAgainAfterARestart) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--execution-concurrency", "0"}));
  engine.start();
  const std::map<std::string, std::string> key = {{"Idempotency-Key", "\"k-1\""}};
  std::string first;
  {
    HttpClient client(engine.port());
    const HttpReply placed = client.post("/v1/orders", order_body(), key);
    ASSERT_EQ(placed.status, 202);
    first = placed.body;
  }
  engine.kill_hard();
  engine.start();
  HttpClient client(engine.port());
  const HttpReply again = client.post("/v1/orders", order_body({}, "\"1.50\""), key);
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, first);
  EXPECT_EQ(again.headers.count("idempotent-replayed"), 1U);
  const HttpReply other = client.post("/v1/orders", order_body({}, "2"), key);
  EXPECT_EQ(other.status, 422) << other.body;
  EXPECT_EQ(engine.health_number("headSeq"), 1U);
  EXPECT_EQ(engine.stop(), 0);
}

TEST(Engine, CancelsWhileNoAttemptIsLive) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--execution-concurrency", "0"}));
  engine.start();
  HttpClient client(engine.port());
  const std::string id =
      text_at(parse_json(client.post("/v1/orders", order_body()).body), "orderId");
  EXPECT_EQ(client.del("/v1/orders/" + id).status, 202);
  EXPECT_EQ(text_at(parse_json(client.get("/v1/orders/" + id).body), "status"), "cancelled");
  EXPECT_EQ(client.del("/v1/orders/" + id).status, 409);
  EXPECT_EQ(client.del("/v1/orders/018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5e").status, 404);
  EXPECT_EQ(engine.stop(), 0);
}

TEST(Engine, RefusesNewOrdersAboveTheMaximumAndTakesThemAgain) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--execution-concurrency", "0",
                                                               "--open-orders-max", "5"}));
  engine.start();
  HttpClient client(engine.port());
  std::string last;
  for (int i = 0; i < 5; ++i) {
    const HttpReply placed = client.post("/v1/orders", order_body());
    ASSERT_EQ(placed.status, 202) << i;
    last = text_at(parse_json(placed.body), "orderId");
  }
  const HttpReply refused = client.post("/v1/orders", order_body());
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.count("retry-after"), 1U);
  EXPECT_EQ(client.del("/v1/orders/" + last).status, 202);
  EXPECT_EQ(client.post("/v1/orders", order_body()).status, 202);
  EXPECT_EQ(engine.stop(), 0);
}

TEST(Engine, RequeuesAndDiscardsDeadLetters) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data",
                       joined(no_delays, {"--venue-faults", "reject=1", "--backoff", "1ms"}));
  engine.start();
  HttpClient client(engine.port());
  const std::string id =
      text_at(parse_json(client.post("/v1/orders", order_body()).body), "orderId");
  const auto failed = wait_for_end(client, id);
  ASSERT_EQ(text_at(failed, "status"), "failed");
  const std::string seq = std::to_string(failed.at("seq").as_int64());
  const auto letters = parse_json(client.get("/v1/dead-letters?afterSeq=" + seq).body);
  ASSERT_EQ(letters.at("items").as_array().size(), 1U);
  EXPECT_EQ(client.post("/v1/dead-letters/" + id + "/requeue", "{}").status, 202);
  ASSERT_TRUE(EngineProcess::eventually(10, [&] {
    const auto order = parse_json(client.get("/v1/orders/" + id).body);
    return text_at(order, "status") == "failed" && order.at("attempts").as_int64() == 6;
  })) << client.get("/v1/orders/" + id).body;
  EXPECT_EQ(client.del("/v1/dead-letters/" + id).status, 202);
  EXPECT_EQ(client.post("/v1/dead-letters/" + id + "/requeue", "{}").status, 409);
  EXPECT_EQ(engine.stop(), 0);
}

TEST(Engine, ExitCodesNameTheFault) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  engine.start();
  const std::string listen = "127.0.0.1:" + std::to_string(free_port());
  const auto same_directory =
      run({program("order-engine"), "--listen", listen, "--data-dir", engine.data_dir().string()});
  EXPECT_EQ(same_directory.exit_code, 5) << same_directory.err;
  const auto same_port =
      run({program("order-engine"), "--listen", "127.0.0.1:" + std::to_string(engine.port()),
           "--data-dir", (dir.path() / "other").string()});
  EXPECT_EQ(same_port.exit_code, 1) << same_port.err;
  EXPECT_NE(same_port.err.find(std::to_string(engine.port())), std::string::npos) << same_port.err;
  const auto bad_flag = run({program("order-engine"), "--slippage", "3"});
  EXPECT_EQ(bad_flag.exit_code, 2);
  EXPECT_NE(bad_flag.err.find("slippage"), std::string::npos) << bad_flag.err;
  EXPECT_EQ(engine.stop(), 0);
}

TEST(Engine, RefusesADamagedLogAndNamesIt) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  engine.start();
  {
    HttpClient client(engine.port());
    for (int i = 0; i < 20; ++i) ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
  }
  engine.kill_hard();
  // Changes one byte in the middle of the newest write-ahead log.
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(engine.data_dir() / "log"))
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  ASSERT_FALSE(newest.empty());
  std::fstream file(newest, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(std::filesystem::file_size(newest) / 2));
  const char original = static_cast<char>(file.peek());
  file.put(static_cast<char>(original ^ 0x40));
  file.close();
  const auto refused = run({program("order-engine"), "--listen", "127.0.0.1:0", "--data-dir",
                            engine.data_dir().string()});
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_NE(refused.err.find("log"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace oee::test
