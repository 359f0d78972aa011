// A data directory of an earlier release: its log and its ledger go on. ../golden/README.md
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

TEST(EarlierRelease, ItsDirectoryIsVerifiedAndProjectedAndItsOrdersEnd) {
  TemporaryDirectory dir;
  const std::string archive = OEE_SOURCE_DIR "/tests/stack/golden/market_orders.tar.gz";
  const RunResult unpacked = run({"tar", "-xzf", archive, "-C", dir.path().string()});
  ASSERT_EQ(unpacked.exit_code, 0) << unpacked.err;
  const RunResult before = run({program("log-dump"), "verify", (dir.path() / "data").string()});
  EXPECT_EQ(before.exit_code, 0) << before.out << before.err;
  EXPECT_NE(before.out.find("ok events=89 orders=16"), std::string::npos) << before.out;

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
  const RunResult checked = run({program("rebuild-projections"), "--check", "--data-dir",
                                 engine.data_dir().string(), "--postgres-url", postgres_url});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  // Each fill is the one settlement of the ledger.
  SharedChecker history;
  const std::uint64_t settlements = stop_and_check(history, engine);
  EXPECT_EQ(settlements, static_cast<std::uint64_t>(std::count_if(
                             ended.begin(), ended.end(),
                             [](const auto& each) { return each.second == "confirmed"; })));
}

}  // namespace
}  // namespace oee::test
