// PostgreSQL is killed, restarted and locked, its sessions are ended during commits, and it is
// replaced by an older copy of itself. Orders continue, and in every snapshot the tables equal the
// fold of the log up to their cursor. A gateway's stream, which fills its gaps from these tables,
// has no gap.
#include <gtest/gtest.h>

#include "tests/stack/dependency/dependency_fixture.h"
#include "tests/stack/dependency/table_snapshots.h"

namespace oee::test {
namespace {

struct PostgresFaults : DependencyFixture {
  PostgresFaults() : DependencyFixture(true, std::chrono::milliseconds(4)) {}
  void SetUp() override {
    DependencyFixture::SetUp();
    snapshots = std::make_unique<TableSnapshots>(postgres_url, engine.data_dir());
  }
  void expect_recovered(const char* after) {
    EXPECT_TRUE(gets_ready(engine)) << after << engine.log_text();
    const Seq head = engine.health_number("headSeq");
    EXPECT_TRUE(
        EngineProcess::eventually(20, [&] { return engine.health_number("projectedSeq") >= head; }))
        << after << ": projected to " << engine.health_number("projectedSeq") << " of " << head;
    expect_streams_caught_up(after);
    const int seen = snapshots->equal();
    EXPECT_TRUE(EngineProcess::eventually(20, [&] { return snapshots->equal() > seen; })) << after;
  }
  void finish(const char* what, int faults) {
    trader->stop();
    snapshots->stop();
    EXPECT_EQ(snapshots->difference(), "");
    EXPECT_TRUE(
        EngineProcess::eventually(60, [&] { return engine.health_number("openOrders") == 0; }));
    EXPECT_TRUE(EngineProcess::eventually(30, [&] {
      return engine.health_number("projectedSeq") == engine.health_number("headSeq");
    }));
    const auto checked =
        run({program("rebuild-projections"), "--data-dir", engine.data_dir().string(),
             "--postgres-url", postgres_url, "--check"});
    EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
    DependencyFixture::finish(what, faults);
    std::cout << what << ": snapshots equal to the fold " << snapshots->equal()
              << ", with a lower cursor " << snapshots->went_back() << ", failed reads "
              << snapshots->failed() << std::endl;
  }

  std::unique_ptr<TableSnapshots> snapshots;
};

TEST_F(PostgresFaults, KilledAndRestartedTheTablesStayTheFold) {
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    postgres->kill_hard();
    EXPECT_TRUE(reports_unready(engine, "postgres"))
        << "/readyz does not report that PostgreSQL is away";
    trade(100);
    postgres->start();
    expect_recovered("killed");
    trade(50);
    postgres->stop();  // -m immediate
    trade(100);
    postgres->start();
    expect_recovered("restarted");
    trade(50);
  }
  finish("PostgreSQL killed and restarted", 2 * rounds);
}

TEST_F(PostgresFaults, SessionsEndedInTheMiddleOfCommitsLoseAndDoubleNothing) {
  constexpr int wanted = 30;
  pqxx::connection operator_session(postgres_url);
  std::mt19937 random(20'260'302);  // of the intervals; what they interrupt differs from run to run
  int ended = 0;
  while (ended < wanted) {
    // However slow the machine is, the projector has connected again and commits.
    const Seq before = engine.health_number("projectedSeq");
    ASSERT_TRUE(EngineProcess::eventually(
        60, [&] { return engine.health_number("projectedSeq") > before; }))
        << ended << " sessions were ended\n"
        << engine.log_text();
    pause(std::uniform_int_distribution<int>(0, 200)(random));
    pqxx::nontransaction tx(operator_session);
    ended += tx.exec(
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                   "application_name LIKE 'order-engine%'")[0][0]
                 .as<int>();
  }
  expect_recovered("sessions ended");
  finish("PostgreSQL sessions ended", ended);
}

TEST_F(PostgresFaults, LockedTablesHoldUpNobodyButTheProjector) {
  constexpr int locked_ms = 6'000;
  HttpClient reader(engine.port());
  int faults = 0;
  for (const char* table : {"orders", "order_events", "projection_state"}) {
    pqxx::connection locker(postgres_url);
    pqxx::work tx(locker);
    tx.exec(std::string("LOCK TABLE oee.") + table + " IN ACCESS EXCLUSIVE MODE");
    ++faults;
    const auto begin = Steady::now();
    trade(150);
    const HttpReply page = reader.get("/v1/orders?limit=10");
    EXPECT_TRUE(page.status == 200 || page.status == 503) << page.status << page.body;
    pause(std::max(0, locked_ms - static_cast<int>(seconds_since(begin) * 1'000)));
    tx.abort();
    expect_recovered(table);
  }
  finish("PostgreSQL tables locked", faults);
}

TEST_F(PostgresFaults, ReplacedByAnOlderCopyItIsBroughtUpToDate) {
  postgres->stop();
  postgres->save_copy();
  postgres->start();
  expect_recovered("copied");
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    trade(200);
    postgres->stop();
    postgres->restore_copy();
    postgres->start();
    expect_recovered("replaced");
  }
  EXPECT_GE(snapshots->went_back(), 1) << "no snapshot saw the older copy";
  finish("PostgreSQL replaced by an older copy", rounds);
}

}  // namespace
}  // namespace oee::test
