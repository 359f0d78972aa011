// One real engine from outside: REST, restart, exit codes.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

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
  ASSERT_EQ(order.at("legs").as_array().size(), 1U);
  const auto& leg = order.at("legs").at(0);
  EXPECT_EQ(text_at(leg, "status"), "filled");
  for (const char* member : {"venue", "amountIn", "minOut", "txHash", "amountOut", "executedPrice"})
    EXPECT_EQ(leg.at(member), order.at(member)) << member;
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

// Waits until the order has this status.
boost::json::value wait_for(HttpClient& client, const std::string& id, std::string_view status) {
  boost::json::value order;
  EXPECT_TRUE(EngineProcess::eventually(20, [&] {
    order = parse_json(client.get("/v1/orders/" + id).body);
    return text_at(order, "status") == status;
  })) << boost::json::serialize(order);
  return order;
}

TEST(Engine, ALimitOrderRestsAndIsAmendedSoThatItFills) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  engine.start();
  HttpClient client(engine.port());
  const std::string body =
      R"({"inputToken":"SOL","outputToken":"USDC","amount":1,"type":"limit","limitPrice":100000})";
  const auto place = [&] {
    return text_at(parse_json(client.post("/v1/orders", body).body), "orderId");
  };
  const std::string id = place();
  const std::string path = "/v1/orders/" + id;
  wait_for(client, id, "resting");
  const std::string etag = client.get(path).headers.at("etag");
  const auto amend = [&](const std::string& version) {
    return client.send("PATCH", path, R"({"limitPrice":"1.5"})",
                       {{"Content-Type", "application/json"}, {"If-Match", version}});
  };
  EXPECT_EQ(amend("\"1\"").status, 412);
  const HttpReply amended = amend(etag);
  EXPECT_EQ(amended.status, 202) << amended.body;
  EXPECT_NE(amended.headers.at("etag"), etag);
  const auto order = wait_for_end(client, id);
  EXPECT_EQ(text_at(order, "status"), "confirmed");
  EXPECT_EQ(text_at(order, "limitPrice"), "1.5");
  EXPECT_EQ(text_at(order, "amountFilled"), "1");
  EXPECT_EQ(amend(etag).status, 412);

  const std::string other = place();
  wait_for(client, other, "resting");
  const std::string seq = std::to_string(wait_for(client, other, "resting").at("seq").as_int64());
  const auto list = parse_json(client.get("/v1/orders?status=resting&afterSeq=" + seq).body);
  ASSERT_EQ(list.at("items").as_array().size(), 1U);
  EXPECT_EQ(text_at(list.at("items").at(0), "orderId"), other);
  const HttpReply cancelled = client.del("/v1/orders?status=resting");
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(parse_json(cancelled.body).at("cancelled").as_int64(), 1);
  EXPECT_EQ(text_at(wait_for_end(client, other), "status"), "cancelled");
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
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

// Every attempt fails at once.
const std::vector<std::string> rejecting = {"--venue-faults",     "reject=1", "--backoff", "1ms",
                                            "--breaker-failures", "0"};

TEST(Engine, RequeuesAndDiscardsDeadLetters) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, rejecting));
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

// Waits until the order has failed with this number of attempts.
testing::AssertionResult failed_after(HttpClient& client, const std::string& id, int attempts) {
  boost::json::value order;
  if (EngineProcess::eventually(10, [&] {
        order = parse_json(client.get("/v1/orders/" + id).body);
        return text_at(order, "status") == "failed" && order.at("attempts").as_int64() == attempts;
      })) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << boost::json::serialize(order);
}

TEST(Engine, ARetriedRequeueBuysNoSecondBudgetAlsoAfterAKill) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, rejecting));
  engine.start();
  const std::map<std::string, std::string> key = {{"Idempotency-Key", "\"retry-1\""}};
  std::string id, path, first;
  {
    HttpClient client(engine.port());
    id = text_at(parse_json(client.post("/v1/orders", order_body()).body), "orderId");
    path = "/v1/dead-letters/" + id + "/requeue";
    ASSERT_TRUE(failed_after(client, id, 3));
    const HttpReply requeued = client.post(path, {}, key);
    ASSERT_EQ(requeued.status, 202) << requeued.body;
    EXPECT_EQ(requeued.headers.count("idempotent-replayed"), 0U);
    first = requeued.body;
    ASSERT_TRUE(failed_after(client, id, 6));
  }
  engine.kill_hard();
  engine.start();
  const std::uint64_t head = engine.health_number("headSeq");
  HttpClient client(engine.port());
  const HttpReply again = client.post(path, {}, key);
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, first);
  EXPECT_EQ(again.headers.count("idempotent-replayed"), 1U);
  EXPECT_EQ(client.send("DELETE", "/v1/dead-letters/" + id, {}, key).status, 422);
  EXPECT_EQ(client.send("DELETE", "/v1/orders/" + id, {}, key).status, 422);
  EXPECT_EQ(client.post("/v1/orders", order_body(), key).status, 422);
  EXPECT_EQ(engine.health_number("headSeq"), head) << "a replay appended something";

  const std::map<std::string, std::string> other = {{"Idempotency-Key", "drop"}};
  const HttpReply discarded = client.send("DELETE", "/v1/dead-letters/" + id, {}, other);
  EXPECT_EQ(discarded.status, 202);
  EXPECT_EQ(client.del("/v1/dead-letters/" + id).status, 409);
  const HttpReply repeated = client.send("DELETE", "/v1/dead-letters/" + id, {}, other);
  EXPECT_EQ(repeated.body, discarded.body) << "also when the change is no longer legal";
  EXPECT_EQ(client.post(path, {}, key).body, first);
  EXPECT_EQ(client.post(path, {}, {{"Idempotency-Key", "new"}}).status, 409);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  const auto dumped = run({program("log-dump"), engine.data_dir().string(), "--order", id});
  EXPECT_NE(dumped.out.find("key=\"retry-1\""), std::string::npos) << dumped.out;
  const auto verified = run({program("log-dump"), "verify", engine.data_dir().string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST(Engine, OfManyRequestsWithOneKeyAtOnceOneIsApplied) {
  constexpr int clients = 16;
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, rejecting));
  engine.start();
  HttpClient client(engine.port());
  const std::string id =
      text_at(parse_json(client.post("/v1/orders", order_body()).body), "orderId");
  for (int round = 1; round <= 5; ++round) {
    ASSERT_TRUE(failed_after(client, id, 3 * round));
    std::vector<HttpReply> replies(clients);
    std::vector<std::thread> threads;
    for (HttpReply& reply : replies) {
      threads.emplace_back([&] {
        HttpClient own(engine.port());
        reply = own.post("/v1/dead-letters/" + id + "/requeue", {},
                         {{"Idempotency-Key", "round-" + std::to_string(round)}});
      });
    }
    for (std::thread& thread : threads) thread.join();
    int applied = 0;
    for (const HttpReply& reply : replies) {
      EXPECT_EQ(reply.status, 202) << reply.body;
      EXPECT_EQ(reply.body, replies[0].body);
      applied += reply.headers.count("idempotent-replayed") == 0 ? 1 : 0;
    }
    EXPECT_EQ(applied, 1) << "round " << round;
  }
  ASSERT_TRUE(failed_after(client, id, 18));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(Engine, AKeyThatComesWithAKnownClientOrderIdIsBoundToItsOrder) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--execution-concurrency", "0"}));
  engine.start();
  std::string first;
  const std::map<std::string, std::string> late = {{"Idempotency-Key", "late"}};
  {
    HttpClient client(engine.port());
    first = client.post("/v1/orders", order_body("mine")).body;
    EXPECT_EQ(client.post("/v1/orders", order_body("mine"), late).body, first);
  }
  engine.kill_hard();
  engine.start();
  {
    HttpClient client(engine.port());
    const HttpReply again = client.post("/v1/orders", order_body(), late);
    EXPECT_EQ(again.body, first);
    EXPECT_EQ(again.headers.count("idempotent-replayed"), 1U);
    EXPECT_EQ(client.post("/v1/orders", order_body({}, "2"), late).status, 422);
  }
  EXPECT_EQ(engine.health_number("headSeq"), 1U);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  const std::string data = engine.data_dir().string();
  const auto verified = run({program("log-dump"), "verify", data});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;

  // A backup keeps the binding.
  const std::string backup = (dir.path() / "backup").string();
  ASSERT_EQ(run({program("log-backup"), data, "--to", backup}).exit_code, 0);
  const std::string restored = (dir.path() / "restored").string();
  ASSERT_EQ(run({program("log-backup"), "--restore", backup, "--to", restored}).exit_code, 0);
  EngineProcess next(restored, joined(no_delays, {"--execution-concurrency", "0"}));
  next.start();
  HttpClient client(next.port());
  EXPECT_EQ(client.post("/v1/orders", order_body(), late).body, first);
  EXPECT_EQ(next.health_number("headSeq"), 1U);
  EXPECT_EQ(next.stop(), 0) << next.log_text();
}

// The quotes that the venues were asked for, all venues together.
int quote_calls(HttpClient& client) {
  std::istringstream lines(client.get("/metrics").body);
  int calls = 0;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("oee_venue_calls_total{") && line.find("call=\"quote\"") != line.npos)
      calls += std::stoi(line.substr(line.rfind(' ')));
  return calls;
}

// Asks for one quote of each amount, all at once.
std::vector<HttpReply> quotes_at_once(std::uint16_t port, const std::vector<int>& amounts) {
  std::vector<HttpReply> replies(amounts.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    threads.emplace_back([&, i] {
      HttpClient client(port);
      replies[i] = client.get("/v1/quote?inputToken=SOL&outputToken=USDC&amount=" +
                              std::to_string(amounts[i]));
    });
  }
  for (std::thread& thread : threads) thread.join();
  return replies;
}

TEST(Engine, LimitsTheQuotesThatItAsksTheVenuesFor) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data",
                       {"--shards", "1", "--quote-delay", "2s", "--log-level", "warn"});
  engine.start();
  HttpClient client(engine.port());
  for (const HttpReply& reply : quotes_at_once(engine.port(), std::vector<int>(40, 1))) {
    EXPECT_EQ(reply.status, 200) << reply.body;
  }
  EXPECT_EQ(quote_calls(client), 2) << "one call of each venue";
  std::vector<int> different;
  for (int amount = 2; amount < 50; ++amount) different.push_back(amount);
  int answered = 0;
  for (const HttpReply& reply : quotes_at_once(engine.port(), different)) {
    if (reply.status == 200) ++answered;
    if (reply.status == 200) continue;
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(text_at(parse_json(reply.body), "code"), "full");
    EXPECT_EQ(reply.headers.count("retry-after"), 1U);
  }
  EXPECT_EQ(answered, 32);
  EXPECT_EQ(quote_calls(client), 2 + 2 * 32);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(Engine, AListAfterASeqThatTheLogDoesNotHaveIsRefusedWithTheHead) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--execution-concurrency", "0"}));
  engine.start();
  HttpClient client(engine.port());
  for (int seq = 1; seq <= 20; ++seq) {
    ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
    const auto page = client.get("/v1/orders?limit=1&afterSeq=" + std::to_string(seq));
    ASSERT_EQ(page.status, 200) << page.body;
    ASSERT_EQ(parse_json(page.body).at("items").at(0).at("seq"), seq);
  }
  const HttpReply beyond = client.get("/v1/orders?afterSeq=21");
  EXPECT_EQ(beyond.status, 422) << beyond.body;
  EXPECT_EQ(parse_json(beyond.body).at("headSeq"), 20);
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
  engine.damages_log();
  // Changes one byte in the middle of what the newest write-ahead log holds. The file ends with
  // zeros that are written ahead.
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(engine.data_dir() / "log"))
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  ASSERT_FALSE(newest.empty());
  std::ostringstream content;
  content << std::ifstream(newest, std::ios::binary).rdbuf();
  std::string bytes = std::move(content).str();
  const std::size_t held = bytes.find_last_not_of('\0') + 1;
  ASSERT_GT(held, 0U);
  bytes[held / 2] = static_cast<char>(bytes[held / 2] ^ 0x40);
  std::ofstream(newest, std::ios::binary) << bytes;
  const auto refused = run({program("order-engine"), "--listen", "127.0.0.1:0", "--data-dir",
                            engine.data_dir().string()});
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_NE(refused.err.find("log"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace oee::test
