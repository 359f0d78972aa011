// The view legs reads what it is asked for, by indexes: of 8,000 transactions that of one order, or
// the newest 50.
#include <gtest/gtest.h>

#include <pqxx/pqxx>

#include "projections/postgres/adapters.h"
#include "projections/postgres/schema.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

class LegsView : public testing::Test {
 protected:
  static constexpr int orders = 8'000;  // every tenth attempt is split into two legs

  void SetUp() override {
    PostgresOptions options;
    options.url = test::PostgresServer::shared_database();
    ASSERT_TRUE(migrate_postgres(options).ok());
    connection_.emplace(options.url);
    pqxx::work tx(*connection_);
    tx.exec(
        "SET LOCAL session_replication_role = replica;"  // without the orders that they are of
        "INSERT INTO oee.order_events (seq, order_id, version, type, ts, data, update)"
        " SELECT (o - 1) * 6 + v, md5(o::text)::uuid, v,"
        " CASE WHEN o % 10 = 0 THEN (ARRAY['OrderAccepted','TransactionBuilt','LegBuilt',"
        "'LegBuilt','LegFilled','OrderConfirmed'])[v]"
        " ELSE (ARRAY['OrderAccepted','RoutingStarted','RouteSelected','TransactionBuilt',"
        "'TransactionSubmitted','OrderConfirmed'])[v] END, now(),"
        " jsonb_build_object('attempt', 1, 'venue', 'raydium', 'amountIn', '1.5', 'minOut', '1',"
        " 'expectedOut', '1') || CASE WHEN o % 10 = 0 AND v BETWEEN 3 AND 5"
        " THEN jsonb_build_object('leg', CASE v WHEN 4 THEN 1 ELSE 0 END) ELSE '{}' END, '{}'"
        " FROM generate_series(1, " +
        std::to_string(orders) + ") o, generate_series(1, 6) v ORDER BY 1");
    tx.commit();
    pqxx::nontransaction(*connection_).exec("ANALYZE oee.order_events");
  }
  pqxx::result sql(const std::string& text) {
    return pqxx::nontransaction(*connection_).exec(text);
  }
  std::string plan_of(const std::string& query) {
    std::string plan;
    for (const auto& row : sql("EXPLAIN (ANALYZE, TIMING OFF) " + query))
      plan += row[0].as<std::string>() + "\n";
    return plan;
  }
  std::optional<pqxx::connection> connection_;
};

TEST_F(LegsView, HasALineForEachTransaction) {
  const auto counts = sql("SELECT count(*), count(leg) FROM oee.legs");
  EXPECT_EQ(counts[0][0].as<int>(), orders + orders / 10);
  EXPECT_EQ(counts[0][1].as<int>(), 2 * orders / 10);
}

TEST_F(LegsView, ReadsTheNewestByTheirIndex) {
  const std::string plan = plan_of("SELECT * FROM oee.legs ORDER BY seq DESC LIMIT 50");
  EXPECT_NE(plan.find("Index Scan Backward using order_events_transactions"), std::string::npos)
      << plan;
  EXPECT_EQ(plan.find("Sort Key: b.seq"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("JIT"), std::string::npos) << plan;
}

TEST_F(LegsView, ReadsThoseOfOneOrderByTheOrder) {
  const std::string plan = plan_of("SELECT * FROM oee.legs WHERE order_id = md5('500')::uuid");
  EXPECT_NE(plan.find("order_events_by_order"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("order_events_transactions"), std::string::npos) << plan;
}

}  // namespace
}  // namespace oee
