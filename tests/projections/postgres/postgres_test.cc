// Faults that only PostgreSQL causes: it ends between commit and reply, hangs, comes back as an
// older copy, or is changed by someone else. On real servers.
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <pqxx/pqxx>
#include <set>
#include <thread>

#include "core/order/legs.h"
#include "core/order/order_json.h"
#include "projections/postgres/adapters.h"
#include "projections/postgres/order_rows.h"
#include "projections/projector.h"
#include "tests/support/limit_life.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/previous_schema.h"
#include "tests/support/process/servers.h"
#include "tests/support/projected_orders.h"
#include "tests/support/table_contents.h"

namespace oee {
namespace {

using test::log_id;
using test::RandomOrders;
using test::RecordLog;
using test::table_contents;
using test::tables_of_fold;

class PostgresTest : public ::testing::Test {
 protected:
  void SetUp() override { options_.url = test::PostgresServer::shared_database(); }

  pqxx::result sql(const std::string& text) {
    pqxx::connection connection(options_.url);
    pqxx::nontransaction tx(connection);
    return tx.exec(text);
  }
  static void run_to_end(Projector& projector, RecordLog& log) {
    for (int steps = 0; projector.metrics().applied < log.durable_head(); ++steps) {
      ASSERT_LT(steps, 10'000);
      const auto step = projector.step();
      ASSERT_TRUE(step.ok() || step.error().code != Errc::corrupt) << step.error().detail;
    }
  }
  void project(RecordLog& log, std::uint8_t log_number = 1) {
    const auto model = make_postgres_read_model(options_);
    Projector projector(log, log_id(log_number), *model, {});
    run_to_end(projector, log);
  }
  void expect_fold(RecordLog& log, Seq last) {
    pqxx::connection connection(options_.url);
    EXPECT_EQ(table_contents(connection, "oee"), tables_of_fold(log, last));
  }
  PostgresOptions options_;
};

TEST_F(PostgresTest, TablesAreTheFoldAtEveryRead) {
  RandomOrders random_orders(1);
  RecordLog log(random_orders.take(1'500));
  ProjectorOptions options;
  options.batch_records_max = 40;
  const auto model = make_postgres_read_model(options_);
  ASSERT_TRUE(model->cursor().ok());  // the tables are there
  Projector projector(log, log_id(1), *model, options);
  projector.start();
  int looks = 0;
  Seq seen = 0;
  pqxx::connection connection(options_.url);
  while (seen < 1'500) {
    Seq cursor = 0;
    const auto tables = table_contents(connection, "oee", &cursor);
    if (cursor > seen || looks == 0) {
      ASSERT_EQ(tables, tables_of_fold(log, cursor)) << "at seq " << cursor;
      ++looks;
    }
    seen = cursor;
  }
  projector.stop();
  EXPECT_GT(looks, 3);
}

TEST_F(PostgresTest, KilledBackEndsBetweenCommitAndReplyCostNothing) {
  RandomOrders random_orders(2);
  RecordLog log(random_orders.take(4'000));
  const auto model = make_postgres_read_model(options_);
  ASSERT_TRUE(model->cursor().ok());
  ProjectorOptions options;
  options.batch_records_max = 60;
  options.backoff_min = Micros(1'000);
  options.backoff_max = Micros(20'000);
  options.on_fail_stop = [](const Error& error) { ADD_FAILURE() << error.detail; };
  Projector projector(log, log_id(1), *model, options);
  projector.start();
  std::mt19937_64 random(2);
  pqxx::connection killer(options_.url);
  int killed = 0;
  for (int i = 0; i < 4'000 && projector.metrics().applied < 4'000; ++i) {
    if (killed < 30) {
      pqxx::nontransaction tx(killer);
      killed += static_cast<int>(
          tx.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                  " current_database() AND application_name = 'order-engine projector'")
              .size());
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
  }
  EXPECT_EQ(projector.metrics().applied, 4'000U) << projector.unhealthy_reason();
  projector.stop();
  EXPECT_GT(killed, 5);
  EXPECT_GT(projector.metrics().retries, 0U);
  expect_fold(log, 4'000);
}

TEST_F(PostgresTest, ApplyingTheWholeLogAgainChangesNothing) {
  RecordLog log(RandomOrders(3).take(1'000));
  project(log);
  pqxx::connection connection(options_.url);
  const auto before = table_contents(connection, "oee");
  for (const char* back_to : {"0", "1", "517", "999"}) {
    sql(std::string("UPDATE oee.projection_state SET last_seq = ") + back_to);
    project(log);
    ASSERT_EQ(table_contents(connection, "oee"), before) << "from seq " << back_to;
  }
  EXPECT_EQ(sql("SELECT last_seq FROM oee.projection_state")[0][0].as<Seq>(), 1'000U);
}

TEST_F(PostgresTest, AnOlderCopyIsCaughtUpWhileTheProjectorRuns) {
  RandomOrders random_orders(4);
  RecordLog log(random_orders.take(300));
  project(log);
  sql("CREATE SCHEMA backup");
  for (const char* table : {"orders", "order_events", "quotes", "dead_letters", "projection_state"})
    sql(std::string("CREATE TABLE backup.") + table + " AS TABLE oee." + table);
  log.add(random_orders.take(300));
  const auto model = make_postgres_read_model(options_);
  Projector projector(log, log_id(1), *model, {});
  run_to_end(projector, log);
  // The operator restores the backup under the running projector.
  pqxx::connection connection(options_.url);
  {
    pqxx::work tx(connection);
    for (const char* table :
         {"orders", "order_events", "quotes", "dead_letters", "projection_state"})
      tx.exec(std::string("DELETE FROM oee.") + table + "; INSERT INTO oee." + table +
              " SELECT * FROM backup." + table);
    tx.commit();
  }
  log.add(random_orders.take(100));
  for (int i = 0; i < 100 && (projector.metrics().applied < 700 || i < 3); ++i)
    (void)projector.step();
  expect_fold(log, 700);
}

TEST_F(PostgresTest, TheTablesOfAnotherLogAreLeftAlone) {
  RecordLog log(RandomOrders(5).take(200));
  project(log, 1);
  pqxx::connection connection(options_.url);
  const auto before = table_contents(connection, "oee");
  RecordLog other(RandomOrders(6).take(400));
  const auto model = make_postgres_read_model(options_);
  Projector projector(other, log_id(2), *model, {});
  auto step = projector.step();
  // The server releases the first projector's lock shortly after its session was closed.
  for (int i = 0; i < 500 && !step && step.error().code == Errc::unavailable; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    step = projector.step();
  }
  ASSERT_FALSE(step.ok());
  EXPECT_EQ(step.error().code, Errc::conflict);
  EXPECT_NE(step.error().detail.find(to_text(log_id(1))), std::string::npos) << step.error().detail;
  EXPECT_EQ(table_contents(connection, "oee"), before);
}

TEST_F(PostgresTest, TheTablesOfAnotherEpochStopTheProjectorUntilTheyAreRebuilt) {
  RecordLog log(RandomOrders(5).take(200));
  project(log, 1);
  pqxx::connection connection(options_.url);
  const auto before = table_contents(connection, "oee");
  const LogIdentity restored(log_id(1), LogEpoch{{0xAB}});
  const auto model = make_postgres_read_model(options_);
  Projector projector(log, restored, *model, {});
  auto step = projector.step();
  for (int i = 0; i < 500 && !step && step.error().code == Errc::unavailable; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    step = projector.step();
  }
  ASSERT_FALSE(step.ok());
  EXPECT_EQ(step.error().code, Errc::corrupt);
  EXPECT_NE(step.error().detail.find("ab00000000000000"), std::string::npos);
  EXPECT_NE(step.error().detail.find("run rebuild-projections"), std::string::npos);
  EXPECT_EQ(table_contents(connection, "oee"), before);

  ProjectionBatch batch;
  batch.log_id = restored;
  batch.from = batch.end = 201;
  EXPECT_EQ(model->apply(batch).error().code, Errc::conflict);
}

TEST_F(PostgresTest, OneProjectorAtATime) {
  const auto first = make_postgres_read_model(options_);
  ASSERT_TRUE(first->cursor().ok());
  const auto second = make_postgres_read_model(options_);
  const auto refused = second->cursor();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_NE(refused.error().detail.find("another projector"), std::string::npos);
}

TEST_F(PostgresTest, AHungServerDoesNotHoldUpTheStop) {
  RandomOrders random_orders(7);
  RecordLog log(random_orders.take(50));
  const auto model = make_postgres_read_model(options_);
  Projector projector(log, log_id(1), *model, {});
  projector.start();
  for (int i = 0; i < 1'000 && projector.metrics().applied < 50; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_EQ(projector.metrics().applied, 50U);
  const auto pid = sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND"
                       " application_name = 'order-engine projector'")[0][0]
                       .as<int>();
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  log.add(random_orders.take(50));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));  // the projector waits for a reply
  const auto began = std::chrono::steady_clock::now();
  projector.stop();
  const auto took = std::chrono::steady_clock::now() - began;
  ::kill(pid, SIGCONT);
  EXPECT_LT(took, std::chrono::seconds(1));
  EXPECT_EQ(projector.metrics().applied, 50U);
}

TEST_F(PostgresTest, AHungServerIsUnavailableAndTheProjectorCatchesUpLater) {
  RandomOrders random_orders(8);
  RecordLog log(random_orders.take(50));
  // + 5 s of grace until the session gives up
  options_.statement_timeout = std::chrono::seconds(1);
  const auto model = make_postgres_read_model(options_);
  ProjectorOptions options;
  options.backoff_max = Micros(200'000);
  Projector projector(log, log_id(1), *model, options);
  run_to_end(projector, log);
  const auto pid = sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND"
                       " application_name = 'order-engine projector'")[0][0]
                       .as<int>();
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  log.add(random_orders.take(50));
  const auto began = std::chrono::steady_clock::now();
  const auto step = projector.step();
  const auto took = std::chrono::steady_clock::now() - began;
  ::kill(pid, SIGCONT);
  ASSERT_FALSE(step.ok());
  EXPECT_EQ(step.error().code, Errc::unavailable) << step.error().detail;
  EXPECT_LT(took, std::chrono::seconds(8));
  for (int i = 0; i < 500 && projector.metrics().applied < 100; ++i) {
    (void)projector.step();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  expect_fold(log, 100);
}

TEST_F(PostgresTest, AStoppedServerIsUnhealthyUntilItIsBack) {
  test::PostgresServer server;
  options_.url = server.url("stopped");
  RandomOrders random_orders(9);
  RecordLog log(random_orders.take(100));
  const auto model = make_postgres_read_model(options_);
  ProjectorOptions options;
  options.backoff_min = Micros(10'000);
  options.backoff_max = Micros(100'000);
  Projector projector(log, log_id(1), *model, options);
  projector.start();
  const auto wait_for = [](const auto& what) {
    for (int i = 0; i < 2'000 && !what(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  };
  wait_for([&] { return projector.metrics().applied == 100; });
  server.stop();
  log.add(random_orders.take(100));
  wait_for([&] { return !projector.unhealthy_reason().empty(); });
  EXPECT_NE(projector.unhealthy_reason(), "");
  server.start();
  wait_for(
      [&] { return projector.metrics().applied == 200 && projector.unhealthy_reason().empty(); });
  EXPECT_EQ(projector.unhealthy_reason(), "");
  projector.stop();
  expect_fold(log, 200);
}

TEST_F(PostgresTest, TextsThatPostgresRefusesDoNotStopTheProjection) {
  std::vector<Record> records = RandomOrders(10).take(30);
  for (Record& record : records) {
    if (auto* accepted = std::get_if<OrderAccepted>(&record.event)) {
      accepted->account = std::string("nul\0here", 8);
      accepted->client_order_id = "bad utf8 \xC3\x28 \xFF";
    }
  }
  RecordLog log(records);
  project(log);
  EXPECT_EQ(sql("SELECT count(*) FROM oee.order_events")[0][0].as<int>(), 30);
}

// --- Schema --------------------------------------------------------------------------------------

TEST_F(PostgresTest, EveryTableColumnAndViewIsCommented) {
  ASSERT_TRUE(migrate_postgres(options_).ok());
  const auto bare =
      sql("SELECT c.relname, a.attname FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = "
          "c.oid AND"
          " a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL"
          " WHERE c.relnamespace = 'oee'::regnamespace AND c.relkind IN ('r','v')"
          " AND (a.attname IS NOT NULL OR obj_description(c.oid, 'pg_class') IS NULL)");
  for (const auto& row : bare)
    ADD_FAILURE() << row[0].c_str() << "." << row[1].c_str() << " has no comment";
  EXPECT_EQ(
      sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'oee'::regnamespace AND relkind IN"
          " ('r','v')")[0][0]
          .as<int>(),
      10);
}

TEST_F(PostgresTest, AReaderBeforeAnyProjectorIsUnavailable) {
  const auto page = make_postgres_queries(options_)->orders({});
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().code, Errc::unavailable);
}

TEST_F(PostgresTest, NoServerIsUnavailableAndNamesNoPassword) {
  PostgresOptions options;
  options.url =
      "postgresql://someone:hunter2@127.0.0.1:" + std::to_string(test::free_port()) + "/none";
  options.connect_timeout = std::chrono::seconds(2);
  const auto cursor = make_postgres_read_model(options)->cursor();
  ASSERT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.error().code, Errc::unavailable);
  EXPECT_EQ(cursor.error().detail.find("hunter2"), std::string::npos) << cursor.error().detail;
}

TEST_F(PostgresTest, EachFillIsALineAndTheBlotterHasTheirSum) {
  RecordLog log(test::limit_life());
  project(log);
  const auto fills =
      sql("SELECT seq, attempt, venue, trim_scale(amount_in), trim_scale(amount_out),"
          " trim_scale(price), trim_scale(fee) FROM oee.fills ORDER BY seq");
  ASSERT_EQ(fills.size(), 2U);
  const std::vector<std::string> part = {"8",          "1",          "raydium", "1",
                                         "149.000001", "149.000001", "0.002"};
  for (int i = 0; i < static_cast<int>(part.size()); ++i)
    EXPECT_EQ(fills[0][i].as<std::string>(), part[static_cast<std::size_t>(i)]);
  EXPECT_EQ(fills[1][0].as<int>(), 14);
  const auto line =
      sql("SELECT status, trim_scale(amount_filled), trim_scale(amount_out),"
          " type, trim_scale(limit_price), time_in_force FROM oee.blotter")[0];
  EXPECT_EQ(line[0].as<std::string>(), "confirmed");
  EXPECT_EQ(line[1].as<std::string>(), "3");
  EXPECT_EQ(line[2].as<std::string>(), "373.000001");
  EXPECT_EQ(line[3].as<std::string>(), "limit");
  EXPECT_EQ(line[4].as<std::string>(), "140");
  EXPECT_EQ(line[5].as<std::string>(), "gtt");
}

std::string line_of(const OrderId& order, const Leg& leg) {
  std::string line = to_text(order) + "|" + std::to_string(leg.number) + "|" +
                     std::string(to_string(leg.status)) + "|" + std::string(leg.venue.view()) +
                     "|" + to_text(leg.venue_order_id) + "|" + to_text(leg.amount_in) + "|" +
                     to_text(leg.min_out) + "|" + to_text(leg.expected_out);
  line += "|" + (leg.tx_hash ? to_text(*leg.tx_hash) : "-");
  if (leg.fill) {
    line += "|" + to_text(leg.fill->amount_out) + "|" + to_text(leg.fill->executed_price) + "|" +
            to_text(leg.fill->fee);
  } else {
    line += "|-|-|-";
  }
  line += "|" + (leg.error ? std::string(to_string(*leg.error)) + "|" + leg.detail : "-|-");
  line += "|" + (leg.path.empty() ? "-" : to_text(leg.path));
  return line + "|" + (leg.index ? std::to_string(*leg.index) : "-");
}

TEST_F(PostgresTest, TheViewOfLegsHasTheLegsOfEachOrder) {
  std::map<OrderId, std::vector<Record>> orders;
  const std::vector<Record> records = RandomOrders(12, 600).take(12'000);
  for (const Record& record : records) orders[record.order_id].push_back(record);
  RecordLog log(records);
  project(log);
  std::multiset<std::string> expected, lines;
  std::set<LegStatus> statuses;
  for (const auto& [id, of_order] : orders) {
    for (const Leg& leg : legs_of(of_order)) {
      expected.insert(line_of(id, leg));
      statuses.insert(leg.status);
    }
  }
  const auto rows =
      sql("SELECT concat_ws('|', order_id, number, status, venue, venue_order_id,"
          " trim_scale(amount_in), trim_scale(min_out), trim_scale(expected_out),"
          " coalesce(tx_hash, '-'), coalesce(trim_scale(amount_out)::text, '-'),"
          " coalesce(trim_scale(price)::text, '-'), coalesce(trim_scale(fee)::text, '-'),"
          " coalesce(error, '-'), coalesce(error_detail, '-'), coalesce(path, '-'),"
          " coalesce(leg::text, '-')) FROM oee.legs");
  for (const auto& row : rows) lines.insert(row[0].c_str());
  EXPECT_EQ(lines, expected);
  EXPECT_EQ(statuses.size(), 7U) << "each status is there";
  EXPECT_EQ(sql("SELECT count(*) FROM oee.legs WHERE (ended_at IS NULL) <> (status IN"
                " ('built','submitted','unknown'))")[0][0]
                .as<int>(),
            0);
}

// Market orders in three states: waiting for a retry, at a venue, and filled.
std::vector<Record> orders_of_before() {
  using E = EventType;
  const std::vector<E> ends[] = {{E::attempt_failed}, {}, {E::order_confirmed}};
  std::vector<Record> records;
  for (std::uint64_t n = 0; n < 3; ++n) {
    std::vector<E> types = {E::order_accepted, E::routing_started, E::route_selected,
                            E::transaction_built, E::transaction_submitted};
    types.insert(types.end(), ends[n].begin(), ends[n].end());
    Order order;
    order.id = test::order_id(n + 1);
    for (const E type : types) {
      Record record = test::make_record(order, test::sample_event(type, order), records.size() + 1);
      record.order_id = test::order_id(n + 1);
      EXPECT_TRUE(evolve(order, record).ok());
      records.push_back(std::move(record));
    }
  }
  return records;
}

// The rows that a program without limit orders wrote are right as they are.
TEST_F(PostgresTest, OrdersOfBeforeHaveTheirFillsAfterTheMigration) {
  RecordLog log(orders_of_before());
  project(log);
  const test::Tables before = test::tables_of_fold(log, log.durable_head());
  sql(test::undo_limit_orders + "DELETE FROM oee.schema_migrations WHERE version > 8");
  ASSERT_TRUE(migrate_postgres(options_).ok());
  pqxx::connection connection(options_.url);
  EXPECT_EQ(test::table_contents(connection, "oee"), before);
  const auto fills = sql("SELECT seq, trim_scale(amount_in) FROM oee.fills");
  ASSERT_EQ(fills.size(), 1U);
  EXPECT_EQ(fills[0][0].as<Seq>(), log.durable_head());
  EXPECT_EQ(fills[0][1].as<std::string>(), "1.5");
}

TEST_F(PostgresTest, TheViewsCountTheOrders) {
  RecordLog log(RandomOrders(11).take(2'000));
  project(log);
  EXPECT_EQ(sql("SELECT count(*) FROM oee.blotter")[0][0].as<std::size_t>(),
            test::orders_at(log, 2'000).size());
  std::size_t confirmed = 0;
  for (const Order& order : test::orders_at(log, 2'000))
    confirmed += order.phase == Phase::confirmed;
  EXPECT_EQ(sql("SELECT sum(orders_confirmed) FROM oee.venue_statistics")[0][0].as<std::size_t>(),
            confirmed);
  // Each leg of a split has a quote that won.
  EXPECT_EQ(sql("SELECT sum(quotes_won) = (SELECT sum(coalesce((data->>'legs')::int, 1)) FROM"
                " oee.order_events WHERE type = 'RouteSelected') FROM oee.venue_statistics")[0][0]
                .as<bool>(),
            true);
  // An estimate of a path is no answer of a venue.
  EXPECT_EQ(sql("SELECT sum(quotes_asked) = (SELECT count(*) FROM oee.quotes WHERE error IS NULL OR"
                " error = 'timeout') FROM oee.venue_statistics")[0][0]
                .as<bool>(),
            true);
  EXPECT_EQ(sql("SELECT bool_or(chosen AND path IS NOT NULL) AND bool_or(error LIKE 'not asked:%')"
                " FROM oee.quotes")[0][0]
                .as<bool>(),
            true);
}

}  // namespace
}  // namespace oee
