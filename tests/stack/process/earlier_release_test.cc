// Data directories of earlier releases: their logs and their ledgers go on. ../golden/README.md
// describes it.
#include <gtest/gtest.h>

#include <map>
#include <pqxx/pqxx>
#include <set>

#include "tests/stack/process/kill_fixture.h"

namespace oee::test {
namespace {

using Statuses = std::map<std::string, std::string>;  // by order id

Statuses statuses_of(const EngineProcess& engine, const std::string& filter) {
  Statuses statuses;
  HttpClient client(engine.port());
  const auto page = parse_json(client.get("/v1/orders?limit=100" + filter).body);
  for (const auto& order : page.at("items").as_array())
    statuses[text_at(order, "orderId")] = text_at(order, "status");
  return statuses;
}
std::string status_of(const EngineProcess& engine, const std::string& client_order_id) {
  const Statuses found = statuses_of(engine, "&clientOrderId=" + client_order_id);
  return found.size() == 1 ? found.begin()->second : std::to_string(found.size()) + " orders";
}
Statuses statuses_in(const std::string& postgres_url) {
  Statuses statuses;
  pqxx::connection connection(postgres_url);
  pqxx::nontransaction tx(connection);
  for (const auto& row : tx.exec("SELECT order_id, status FROM oee.orders"))
    statuses[row[0].c_str()] = row[1].c_str();
  return statuses;
}

// Unpacks tests/stack/golden/NAME into `dir`, and verifies its log.
// `content`: "events=89 orders=16".
void unpack(const TemporaryDirectory& dir, const std::string& name, const std::string& content) {
  const std::string archive = OEE_SOURCE_DIR "/tests/stack/golden/" + name;
  const RunResult unpacked = run({"tar", "-xzf", archive, "-C", dir.path().string()});
  ASSERT_EQ(unpacked.exit_code, 0) << unpacked.err;
  const RunResult before = run({program("log-dump"), "verify", (dir.path() / "data").string()});
  EXPECT_EQ(before.exit_code, 0) << before.out << before.err;
  EXPECT_NE(before.out.find("ok " + content), std::string::npos) << before.out;
}
void check_tables(const EngineProcess& engine, const std::string& postgres_url) {
  const RunResult checked = run({program("rebuild-projections"), "--check", "--data-dir",
                                 engine.data_dir().string(), "--postgres-url", postgres_url});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

TEST(EarlierRelease, ItsDirectoryIsVerifiedAndProjectedAndItsOrdersEnd) {
  TemporaryDirectory dir;
  ASSERT_NO_FATAL_FAILURE(unpack(dir, "market_orders.tar.gz", "events=89 orders=16"));

  const std::string postgres_url = PostgresServer::shared_database();
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--postgres-url", postgres_url}));
  engine.start();
  const HttpReply limit =
      HttpClient(engine.port())
          .post("/v1/orders", R"({"inputToken":"SOL","outputToken":"USDC","amount":"1",)"
                              R"("type":"limit","limitPrice":"1","clientOrderId":"limit"})");
  EXPECT_EQ(limit.status, 202) << limit.body;
  EXPECT_TRUE(engine.eventually(120, [&] { return engine.health_number("openOrders") == 0; }))
      << engine.log_text();
  const Seq head = engine.health_number("headSeq");
  const std::string at_head = "&afterSeq=" + std::to_string(head);  // PostgreSQL may be behind
  const Statuses ended = statuses_of(engine, at_head);
  for (const char* settled : {"confirmed-1", "confirmed-2", "unknown-1", "unknown-2", "unknown-3",
                              "unknown-4", "unknown-5", "unknown-6", "pending", "routing"})
    EXPECT_EQ(status_of(engine, settled), "confirmed") << settled;
  EXPECT_EQ(status_of(engine, "limit"), "confirmed");
  EXPECT_EQ(status_of(engine, "failed"), "failed");
  EXPECT_EQ(status_of(engine, "discarded"), "failed");
  EXPECT_EQ(status_of(engine, "cancelled"), "cancelled");
  // Their requests were lost, and the market has moved since: a price within their limits may come.
  const std::set<std::string> either{"confirmed", "expired"};
  EXPECT_TRUE(either.contains(status_of(engine, "built"))) << status_of(engine, "built");
  EXPECT_TRUE(either.contains(status_of(engine, "requeued"))) << status_of(engine, "requeued");

  EXPECT_EQ(ended.size(), 17U);
  EXPECT_EQ(statuses_in(postgres_url), ended);
  check_tables(engine, postgres_url);
  // Each fill is the one settlement of the ledger.
  SharedChecker history;
  const std::uint64_t settlements = stop_and_check(history, engine);
  EXPECT_EQ(settlements, static_cast<std::uint64_t>(std::count_if(
                             ended.begin(), ended.end(),
                             [](const auto& each) { return each.second == "confirmed"; })));
}

// Moves the pools of one venue, and waits until the order has this status.
void move_until(EngineProcess& engine, const std::string& price, const char* order,
                const std::string& status) {
  const HttpReply moved =
      HttpClient(engine.port())
          .post("/test/market", R"({"inputToken":"SOL","outputToken":"USDC","venue":"meteora",)"
                                R"("price":")" +
                                    price + "\"}");
  EXPECT_EQ(moved.status, 200) << moved.body;
  EXPECT_TRUE(engine.eventually(60, [&] { return status_of(engine, order) == status; }))
      << order << " is " << status_of(engine, order) << "\n"
      << engine.log_text();
}

TEST(EarlierRelease, OrdersOfEveryTypeGoOnAtTheirPricesAndTriggers) {
  TemporaryDirectory dir;
  ASSERT_NO_FATAL_FAILURE(unpack(dir, "order_types.tar.gz", "events=196 orders=30"));
  const std::string postgres_url = PostgresServer::shared_database();
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--postgres-url", postgres_url,
                                                               "--enable-test-endpoints"}));
  engine.start();
  HttpClient client(engine.port());
  const HttpReply halted =
      client.post("/v1/orders", R"({"inputToken":"ETH","outputToken":"USDC","amount":"1"})");
  EXPECT_EQ(halted.status, 503) << halted.body;
  EXPECT_NE(halted.body.find("depeg"), std::string::npos) << halted.body;

  // They were live when the engine was killed. The venue never got some of them, and the time in
  // which the exact outputs wait for a quote is over.
  for (const char* limit : {"unknown-limit-0", "unknown-limit-1", "unknown-limit-2",
                            "unknown-limit-3", "unknown-parts-0", "unknown-parts-1"})
    EXPECT_TRUE(engine.eventually(60, [&] { return status_of(engine, limit) == "confirmed"; }))
        << limit << " is " << status_of(engine, limit);
  const auto is_one_of = [&](const char* order, const std::set<std::string>& statuses) {
    return engine.eventually(60, [&] { return statuses.contains(status_of(engine, order)); });
  };
  for (const char* exact : {"unknown-exact-0", "unknown-exact-1", "unknown-exact-2"})
    EXPECT_TRUE(is_one_of(exact, {"confirmed", "expired"})) << status_of(engine, exact);
  EXPECT_TRUE(is_one_of("unknown-cancelled", {"confirmed", "cancelled"}));
  EXPECT_TRUE(is_one_of("by-quote", {"confirmed", "expired"})) << status_of(engine, "by-quote");
  EXPECT_TRUE(is_one_of("twap-running", {"confirmed"})) << status_of(engine, "twap-running");
  for (const char* waiting : {"limit-resting", "limit-amended", "limit-gtt", "exact-resting",
                              "stop-waiting", "stop-limit-waiting", "sniper-waiting"})
    EXPECT_EQ(status_of(engine, waiting), "resting") << waiting;

  move_until(engine, "1100", "stop-limit-waiting", "confirmed");
  for (const char* limit : {"limit-resting", "limit-amended", "limit-gtt", "exact-resting"})
    EXPECT_TRUE(is_one_of(limit, {"confirmed"})) << limit << " is " << status_of(engine, limit);
  EXPECT_EQ(status_of(engine, "stop-waiting"), "resting");
  move_until(engine, "40", "stop-waiting", "confirmed");

  EXPECT_EQ(client.del("/v1/orders?status=resting").status, 200);
  EXPECT_TRUE(engine.eventually(60, [&] { return engine.health_number("openOrders") == 0; }))
      << engine.log_text();
  const Seq head = engine.health_number("headSeq");
  const Statuses ended = statuses_of(engine, "&afterSeq=" + std::to_string(head));
  EXPECT_EQ(ended.size(), 30U);
  EXPECT_EQ(status_of(engine, "sniper-waiting"), "cancelled");
  EXPECT_EQ(statuses_in(postgres_url), ended);
  check_tables(engine, postgres_url);
  SharedChecker history;
  EXPECT_GE(stop_and_check(history, engine), 30U);  // 16 of before
}

}  // namespace
}  // namespace oee::test
