// Migrations of a database that an earlier program filled: without a limit of time, one at a time,
// with indexes that are built beside writers; and which programs read which schema.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <pqxx/pqxx>
#include <thread>

#include "projections/postgres/adapters.h"
#include "projections/postgres/schema.h"
#include "projections/projector.h"
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

constexpr int before_index = 3;  // the version before the index of venues

class MigrationTest : public ::testing::Test {
 protected:
  void SetUp() override { options_.url = test::PostgresServer::shared_database(); }

  pqxx::result sql(const std::string& text) {
    pqxx::connection connection(options_.url);
    pqxx::nontransaction tx(connection);
    return tx.exec(text);
  }
  int version() { return sql("SELECT max(version) FROM oee.schema_migrations")[0][0].as<int>(); }
  // true, false, or "" when there is no such index.
  std::string venue_index_is_valid() {
    const auto found =
        sql("SELECT indisvalid::text FROM pg_index WHERE indexrelid ="
            " to_regclass('oee.orders_by_venue')");
    return found.empty() ? "" : found[0][0].c_str();
  }
  void project(RecordLog& log) {
    const auto model = make_postgres_read_model(options_);
    Projector projector(log, log_id(1), *model, {});
    for (int steps = 0; projector.metrics().applied < log.durable_head(); ++steps) {
      ASSERT_LT(steps, 100);
      const auto step = projector.step();
      ASSERT_TRUE(step.ok()) << step.error().detail;
    }
  }
  void go_back_to_previous_schema() {
    ASSERT_TRUE(migrate_postgres(options_).ok());
    sql(test::back_to_previous_schema);
  }
  // Every CREATE INDEX of the database takes this much longer, as over many rows.
  void slow_down_indexes(const std::string& seconds) {
    sql("CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(" +
        seconds + "); END $$");
    sql("CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('CREATE INDEX')"
        " EXECUTE FUNCTION slow()");
  }
  bool eventually(const std::function<bool()>& done) {
    for (int i = 0; i < 2'000; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  PostgresOptions options_;
};

TEST_F(MigrationTest, MigratingTwiceChangesNothingAndAWriterRefusesANewerSchema) {
  ASSERT_TRUE(migrate_postgres(options_).ok());
  ASSERT_TRUE(migrate_postgres(options_).ok());
  EXPECT_EQ(sql("SELECT count(*) FROM oee.schema_migrations")[0][0].as<int>(),
            postgres_schema_version());
  sql("INSERT INTO oee.schema_migrations (version, name) VALUES (1000, 'from the future')");
  const auto refused = migrate_postgres(options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::unsupported);
  EXPECT_EQ(make_postgres_read_model(options_)->cursor().error().code, Errc::unsupported);
}

TEST_F(MigrationTest, ManyMigratingAtOnceEndWithOneSchema) {
  for (const bool upgrade : {false, true}) {
    if (upgrade) sql(test::back_to_previous_schema);
    std::vector<std::thread> threads;
    std::atomic<int> migrated{0};
    for (int i = 0; i < 6; ++i)
      threads.emplace_back([&] {
        const auto done = migrate_postgres(options_);
        EXPECT_TRUE(done.ok()) << done.error().detail;
        migrated += done.ok();
      });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(migrated, 6);
    EXPECT_EQ(sql("SELECT count(*) FROM oee.schema_migrations")[0][0].as<int>(),
              postgres_schema_version());
    EXPECT_EQ(venue_index_is_valid(), "true");
  }
}

// The limits of a statement (1 s) and of the client's wait for the server (1 s + 5 s) are shorter
// than the migration.
TEST_F(MigrationTest, AMigrationMayTakeLongerThanEveryTimeLimit) {
  RandomOrders random_orders(1);
  RecordLog log(random_orders.take(400));
  project(log);
  go_back_to_previous_schema();
  slow_down_indexes("6.5");
  const std::string database = sql("SELECT current_database()")[0][0].c_str();
  sql("ALTER DATABASE " + database + " SET statement_timeout = '100ms'");
  options_.statement_timeout = std::chrono::seconds(1);
  const auto model = make_postgres_read_model(options_);
  const auto cursor = model->cursor();
  ASSERT_TRUE(cursor.ok()) << cursor.error().detail;
  EXPECT_EQ(cursor->last_seq, 400U);
  EXPECT_EQ(version(), postgres_schema_version());
  // Afterwards the connection has its time limit again.
  log.add(random_orders.take(100));
  Projector projector(log, log_id(1), *model, {});
  pqxx::connection locker(options_.url);
  pqxx::work tx(locker);
  tx.exec("LOCK TABLE oee.orders IN ACCESS EXCLUSIVE MODE");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(projector.step().ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST_F(MigrationTest, AnIndexIsBuiltBesideWritersAndBuiltAgainWhenItWasInterrupted) {
  RecordLog log(RandomOrders(2).take(400));
  project(log);
  go_back_to_previous_schema();
  pqxx::connection trader(options_.url);
  auto open = std::make_unique<pqxx::work>(trader);
  open->exec("UPDATE oee.orders SET account = account");  // the index build waits for its end
  const auto migrate = [this] { return migrate_postgres(options_); };
  auto first = std::async(std::launch::async, migrate);
  ASSERT_TRUE(eventually([&] { return venue_index_is_valid() == "false"; }));
  // Another writer does not wait behind the build, and a second migrator waits.
  sql("SET lock_timeout = '2s'; UPDATE oee.projection_state SET updated_at = now();"
      "INSERT INTO oee.orders SELECT (jsonb_populate_record(o, '{\"order_id\":"
      "\"00000000-0000-7000-8000-000000000000\",\"accepted_seq\":900,\"last_seq\":901}')).*"
      " FROM oee.orders o LIMIT 1");
  auto second = std::async(std::launch::async, migrate);
  sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
      " AND query LIKE '%CREATE INDEX CONCURRENTLY%' AND pid <> pg_backend_pid()");
  EXPECT_EQ(first.get().error().code, Errc::unavailable);
  EXPECT_EQ(version(), before_index);
  open->commit();
  const auto done = second.get();
  ASSERT_TRUE(done.ok()) << done.error().detail;
  EXPECT_EQ(venue_index_is_valid(), "true");
  EXPECT_EQ(version(), postgres_schema_version());
}

TEST_F(MigrationTest, AStopEndsAMigrationAndTheNextStartContinuesIt) {
  go_back_to_previous_schema();
  slow_down_indexes("2");
  const auto model = make_postgres_read_model(options_);
  auto cursor = std::async(std::launch::async, [&] { return model->cursor(); });
  ASSERT_TRUE(eventually([&] { return version() == before_index; }));
  const auto begun = std::chrono::steady_clock::now();
  model->interrupt();
  EXPECT_EQ(cursor.get().error().code, Errc::closed);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  const auto done = migrate_postgres(options_);
  ASSERT_TRUE(done.ok()) << done.error().detail;
  EXPECT_EQ(venue_index_is_valid(), "true");
}

TEST_F(MigrationTest, ALongReadDelaysTheMigrationAndNoOtherReader) {
  RecordLog log(RandomOrders(3).take(300));
  project(log);
  sql(test::undo_limit_orders + "DELETE FROM oee.schema_migrations WHERE version > 8");
  pqxx::connection reader(options_.url);
  pqxx::work dump(reader);
  dump.exec("LOCK TABLE oee.orders IN ACCESS SHARE MODE");
  auto migration = std::async(std::launch::async, [&] { return migrate_postgres(options_); });
  const auto waits = [&] {
    return sql("SELECT count(*) FROM pg_locks WHERE relation = 'oee.orders'::regclass AND NOT "
               "granted")[0][0]
               .as<int>() == 1;
  };
  ASSERT_TRUE(eventually(waits));
  for (int i = 0; i < 30; ++i) {
    sql("SET statement_timeout = '2s'; SELECT count(*) FROM oee.orders");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(version(), 8);
  dump.commit();
  const auto done = migration.get();
  ASSERT_TRUE(done.ok()) << done.error().detail;
  EXPECT_EQ(version(), postgres_schema_version());
}

// An index that a crash left complete, but without its row in schema_migrations.
TEST_F(MigrationTest, ACompleteIndexIsKept) {
  ASSERT_TRUE(migrate_postgres(options_).ok());
  const auto oid = [&] {
    return sql("SELECT 'oee.orders_by_venue'::regclass::oid")[0][0].as<int>();
  };
  const int before = oid();
  sql(test::undo_limit_orders +
      "DELETE FROM oee.schema_migrations WHERE version > 3;"
      "ALTER TABLE oee.projection_state DROP COLUMN epoch");
  ASSERT_TRUE(migrate_postgres(options_).ok());
  EXPECT_EQ(oid(), before);
  EXPECT_EQ(version(), postgres_schema_version());
}

TEST_F(MigrationTest, AReaderWaitsForThePreviousSchemasMigration) {
  RecordLog log(RandomOrders(3).take(300));
  project(log);
  sql(test::back_to_previous_schema);
  const auto queries = make_postgres_queries(options_);
  const auto history = make_postgres_history(options_);
  const auto early = queries->cursor();
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.error().code, Errc::unavailable);
  EXPECT_NE(early.error().detail.find("is of version 2,"), std::string::npos)
      << early.error().detail;
  EXPECT_EQ(history->events({}).error().code, Errc::unavailable);
  ASSERT_TRUE(migrate_postgres(options_).ok());
  EXPECT_EQ(queries->cursor()->last_seq, 300U);
  EXPECT_EQ(history->events({})->items.size(), 300U);
}

TEST_F(MigrationTest, AReaderAcceptsANewerSchemaUnlessItIsForNewerReaders) {
  RecordLog log(RandomOrders(4).take(300));
  project(log);
  // The next release migrates, and changes nothing that this program reads.
  sql("ALTER TABLE oee.orders ADD COLUMN invented text;"
      "INSERT INTO oee.schema_migrations (version, name) VALUES (1000, 'invented')");
  EXPECT_EQ(make_postgres_queries(options_)->cursor()->last_seq, 300U);
  EXPECT_EQ(make_postgres_history(options_)->events({})->items.size(), 300U);
  const std::string own = std::to_string(postgres_schema_version());
  for (const auto& [minimum, accepted] :
       {std::pair(own, true), std::pair(std::string("1001"), false)}) {
    sql("ALTER TABLE oee.schema_migrations ALTER COLUMN min_reader_version SET DEFAULT " + minimum +
        "; INSERT INTO oee.schema_migrations (version, name) VALUES (1000 + " + minimum +
        ", 'not for earlier readers')");
    const auto cursor = make_postgres_queries(options_)->cursor();
    EXPECT_EQ(cursor.ok(), accepted);
    if (accepted) continue;
    EXPECT_EQ(cursor.error().code, Errc::unsupported);
    EXPECT_NE(cursor.error().detail.find("1001"), std::string::npos) << cursor.error().detail;
    EXPECT_EQ(make_postgres_history(options_)->events({}).error().code, Errc::unsupported);
  }
}

}  // namespace
}  // namespace oee
