// The rebuild of PostgreSQL's tables beside the live ones, and the check of the tables against the
// log.
#include <gmock/gmock.h>

#include <pqxx/pqxx>
#include <thread>

#include "tests/projections/postgres/rebuild_fixture.h"

namespace oee {
namespace {

using test::log_id;
using test::RandomOrders;
using test::RecordLog;
using test::source_of;
using test::table_contents;
using test::tables_of_fold;
using RebuildTest = test::RebuildFixture;

TEST_F(RebuildTest, AnEmptyDatabaseIsFilledFromTheLog) {
  RecordLog log(RandomOrders(1).take(6'000));
  const auto report = rebuild(log);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  EXPECT_EQ(report->warning, "");
  EXPECT_EQ(report->counts.last_seq, 6'000U);
  EXPECT_EQ(report->counts.events, 6'000U);
  EXPECT_EQ(report->counts.orders, test::orders_at(log, 6'000).size());
  expect_fold(log, 6'000);
  const auto checked = check_tables(log);
  ASSERT_TRUE(checked.ok()) << checked.error().detail;
  EXPECT_TRUE(checked->differences.empty()) << checked->differences.front();
  EXPECT_EQ(checked->counts.events, 6'000U);
  EXPECT_EQ(checked->counts.orders, report->counts.orders);
  EXPECT_EQ(checked->counts.quotes, report->counts.quotes);
  EXPECT_EQ(checked->counts.dead_letters, report->counts.dead_letters);
}

TEST_F(RebuildTest, AHaltDuringTheRebuildIsNoOrder) {
  RecordLog log(RandomOrders(1).take(300));
  Record halted;
  halted.seq = 301;
  halted.version = 1;
  halted.time = (*log.read(300, 1))->records.back().time;
  halted.event = TradingHalted{HaltScope::all, "", "ops", "depeg"};
  const auto progress = [&](std::string_view step, auto, auto) {
    if (step == "copying" && log.durable_head() == 300) log.add({halted});
  };
  const auto report = rebuild_projections(options_, source_of(log), progress);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  EXPECT_EQ(report->counts.events, 301U);
  const auto checked = check_tables(log);
  ASSERT_TRUE(checked.ok()) << checked.error().detail;
  EXPECT_TRUE(checked->differences.empty()) << checked->differences.front();
  EXPECT_EQ(report->counts.orders, checked->counts.orders);
}

TEST_F(RebuildTest, RebuiltTablesAreIdenticalToTheProjectorsTables) {
  RecordLog log(RandomOrders(2).take(2'000));
  project(log);
  pqxx::connection connection(options_.url);
  const auto before = table_contents(connection, "oee");
  const std::string shape_before = shape();
  const auto counters = [&] {
    const auto row =
        sql("SELECT log_id, last_seq, orders_confirmed, orders_discarded FROM"
            " oee.projection_state")[0];
    std::string text;
    for (const auto& field : row) text += std::string(field.c_str()) + " ";
    return text;
  };
  const std::string counters_before = counters();
  ASSERT_TRUE(rebuild(log).ok());
  EXPECT_EQ(table_contents(connection, "oee"), before);
  EXPECT_EQ(shape(), shape_before);
  EXPECT_EQ(counters(), counters_before);
  EXPECT_EQ(sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'oee\\_%'")[0][0].as<int>(),
            0);
}

TEST_F(RebuildTest, CheckNamesDamagedRowsAndRebuildRepairsThem) {
  RecordLog log(RandomOrders(3, 40).take(1'500));
  project(log);
  const std::string id =
      sql("SELECT order_id FROM oee.orders ORDER BY order_id LIMIT 1")[0][0].c_str();
  const struct {
    std::string damage;
    std::string named;
  } cases[] = {
      {"UPDATE oee.orders SET account = 'mallory' WHERE order_id = '" + id + "'",
       "orders " + id + ": account is 'mallory'"},
      {"DELETE FROM oee.orders WHERE order_id = '" + id + "'", "orders " + id + " is missing"},
      {"DELETE FROM oee.order_events WHERE seq = 700", "order_events 700 is missing"},
      {"UPDATE oee.order_events SET data = data || '{\"extra\":1}' WHERE seq = 701",
       "order_events 701: data is"},
      {"UPDATE oee.order_events SET update = '{}' WHERE seq = 702", "order_events 702: update is"},
      {"UPDATE oee.quotes SET price = price + 1 WHERE (seq, position) = (SELECT seq, position FROM"
       " oee.quotes WHERE price IS NOT NULL ORDER BY seq LIMIT 1)",
       "price is"},
      {"DELETE FROM oee.dead_letters WHERE failed_seq = (SELECT max(failed_seq) FROM "
       "oee.dead_letters)",
       "is missing"},
      {"UPDATE oee.projection_state SET orders_confirmed = orders_confirmed + 1",
       "orders_confirmed"},
      {"INSERT INTO oee.order_events SELECT 99999, order_id, 999, type, ts, correlation_id, data, "
       "update"
       " FROM oee.order_events WHERE seq = 1",
       "order_events 99999 is not in the log"},
  };
  for (const auto& each : cases) {
    sql(each.damage);
    const auto report = check_tables(log);
    ASSERT_TRUE(report.ok()) << report.error().detail;
    ASSERT_EQ(report->differences.size(), 1U) << each.damage;
    EXPECT_NE(report->differences[0].find(each.named), std::string::npos)
        << report->differences[0] << " for " << each.damage;
    ASSERT_TRUE(rebuild(log).ok());
    ASSERT_TRUE(check_tables(log)->differences.empty());
  }
}

TEST_F(RebuildTest, CheckAcceptsUpdatesThatWereStoredWithoutTheOrdersTerms) {
  RecordLog log(RandomOrders(7, 40).take(500));
  project(log);
  const auto shortened = sql(
      "UPDATE oee.order_events SET update = regexp_replace(update::text, ',\"inputToken\".*', '}')"
      "::json WHERE type = 'OrderAccepted' AND update::text LIKE '%\"inputToken\"%'");
  ASSERT_GE(shortened.affected_rows(), 20U);
  EXPECT_THAT(check_tables(log)->differences, testing::IsEmpty());
  const std::string stored = sql("SELECT update FROM oee.order_events WHERE seq = 1")[0][0].c_str();
  const std::string open = stored.substr(0, stored.size() - 1);
  for (const std::string& other : {open + R"(,"inputToken":"SOL"})", open + R"(,"x":1})",
                                   std::string(R"({"type":"update"})"), std::string("{}")}) {
    sql("UPDATE oee.order_events SET update = '" + other + "' WHERE seq = 1");
    const auto report = check_tables(log);
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_THAT(report->differences,
                testing::ElementsAre(testing::StartsWith("order_events 1: update is")))
        << other;
  }
}

TEST_F(RebuildTest, CheckNamesAnotherLogAndALogThatIsBehind) {
  RecordLog log(RandomOrders(4).take(300));
  project(log);
  const auto other = check_projections(options_, source_of(log, 2), [](auto, auto, auto) {});
  ASSERT_TRUE(other.ok());
  ASSERT_EQ(other->differences.size(), 1U);
  EXPECT_NE(other->differences[0].find(to_text(log_id(2))), std::string::npos);
  log.set_durable_head(200);
  const auto behind = check_tables(log);
  ASSERT_TRUE(behind.ok());
  ASSERT_EQ(behind->differences.size(), 1U);
  EXPECT_NE(behind->differences[0].find("200"), std::string::npos);
}

TEST_F(RebuildTest, TheProjectorContinuesThroughManySwaps) {
  RandomOrders random_orders(5, 50);
  RecordLog log(random_orders.take(1'000));
  const auto model = make_postgres_read_model(options_);
  ProjectorOptions options;
  options.backoff_min = Micros(1'000);
  options.batch_records_max = 200;
  options.on_fail_stop = [](const Error& error) { ADD_FAILURE() << error.detail; };
  Projector projector(log, log_id(1), *model, options);
  projector.start();
  const auto queries = make_postgres_queries(options_);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    while (!done) {
      log.add(random_orders.take(20));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  Seq seen = 0;
  for (int swap = 0; swap < 4; ++swap) {
    const auto report = rebuild(log);
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_EQ(report->warning, "");
    const auto cursor = queries->cursor();
    ASSERT_TRUE(cursor.ok()) << cursor.error().detail;
    EXPECT_GE(cursor->last_seq, seen);  // lists never go back in time
    seen = cursor->last_seq;
    for (int i = 0; i < 500 && projector.metrics().applied < seen + 50; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_GE(projector.metrics().applied, seen + 50) << projector.unhealthy_reason();
  }
  done = true;
  writer.join();
  for (int i = 0; i < 1'000 && projector.metrics().applied < log.durable_head(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  projector.stop();
  expect_fold(log, log.durable_head());
  EXPECT_TRUE(check_tables(log)->differences.empty());
}

TEST_F(RebuildTest, GrantsAndViewsOfOperatorsAreKept) {
  RecordLog log(RandomOrders(6).take(200));
  project(log);
  const std::string role = "analyst_" + std::to_string(::getpid());
  sql("CREATE ROLE " + role + "; GRANT USAGE ON SCHEMA oee TO " + role +
      "; GRANT SELECT ON oee.orders TO " + role);
  ASSERT_TRUE(rebuild(log).ok());
  EXPECT_TRUE(sql("SELECT has_table_privilege('" + role +
                  "', 'oee.orders', 'SELECT') AND"
                  " has_schema_privilege('" +
                  role + "', 'oee', 'USAGE')")[0][0]
                  .as<bool>());
  sql("DROP OWNED BY " + role + "; DROP ROLE " + role);

  sql("CREATE VIEW public.mine AS SELECT count(*) FROM oee.orders");
  const auto kept = rebuild(log);
  ASSERT_TRUE(kept.ok()) << kept.error().detail;
  EXPECT_NE(kept->warning.find("oee_replaced"), std::string::npos);
  expect_fold(log, 200);
  // The next rebuild does not drop tables that a view still uses.
  const auto refused = rebuild(log);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(sql("SELECT * FROM public.mine")[0][0].as<std::size_t>(),
            test::orders_at(log, 200).size());
  sql("DROP VIEW public.mine");
  EXPECT_TRUE(rebuild(log).ok());
}

TEST_F(RebuildTest, OneRebuildAtATimeAndALeftoverIsRemoved) {
  RecordLog log(RandomOrders(7).take(200));
  project(log);
  sql("CREATE SCHEMA oee_rebuild; CREATE TABLE oee_rebuild.orders (torn text)");
  pqxx::connection holder(options_.url);
  {
    pqxx::nontransaction tx(holder);
    tx.exec("SELECT pg_advisory_lock(" + std::to_string(0x6f656503) + ")");
  }
  const auto refused = rebuild(log);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::in_use);
  holder.disconnect();
  Result<RebuildReport> again = refused;
  for (int i = 0; i < 100 && !again; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    again = rebuild(log);
  }
  ASSERT_TRUE(again.ok()) << again.error().detail;
  expect_fold(log, 200);
}

TEST_F(RebuildTest, ADamagedLogLeavesTheLiveTablesAlone) {
  std::vector<Record> records = RandomOrders(8).take(400);
  RecordLog log(records);
  project(log);
  records[250].version += 3;
  RecordLog damaged(records);
  const auto refused = rebuild(damaged);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::corrupt);
  expect_fold(log, 400);
}

}  // namespace
}  // namespace oee
