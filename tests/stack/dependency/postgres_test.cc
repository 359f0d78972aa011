// PostgreSQL killed, restarted, locked, its sessions ended in the middle of commits, replaced by an
// older copy of itself: orders go on, and at every moment the tables are the fold of the log up to
// their cursor. A gateway's stream, which fills its gaps from these tables, has no gap.
#include <gtest/gtest.h>

#include "tests/stack/dependency/table_looks.h"

namespace oee::test {
namespace {

// On a machine that does other things too. PostgreSQL is on no path that a submit waits on.
constexpr double submit_ms_max = 1'500;

struct PostgresFaults : testing::Test {
  PostgresFaults()
      : postgres_url(postgres.url("orders")),
        engine(dir.path() / "data", joined(faulty_venue, shared())),
        gateway(dir.path() / "gateway",
                joined({"--role", "gateway", "--log-level", "warn"}, shared())) {}
  std::vector<std::string> shared() const {
    return {"--postgres-url", postgres_url, "--redis-url", redis.url()};
  }
  void SetUp() override {
    engine.start();
    gateway.start();
    of_engine = std::make_unique<WatcherThread>(witness, engine.port());
    of_gateway = std::make_unique<WatcherThread>(witness, gateway.port());
    looks = std::make_unique<TableLooks>(postgres_url, engine.data_dir());
    trader = std::make_unique<TimedTrader>(witness, engine.port(), "order",
                                           std::chrono::milliseconds(4));
    trade(100);
  }
  void trade(int orders) {
    const int until = trader->answered() + orders;
    EXPECT_TRUE(EngineProcess::eventually(20, [&] { return trader->answered() >= until; }))
        << engine.log_text();
    slowest_ms = std::max(slowest_ms, trader->slowest_ms());
  }
  void expect_well(const char* after) {
    EXPECT_TRUE(gets_ready(engine)) << after << engine.log_text();
    const Seq head = engine.figure("headSeq");
    EXPECT_TRUE(
        EngineProcess::eventually(20, [&] { return engine.figure("projectedSeq") >= head; }))
        << after << ": projected to " << engine.figure("projectedSeq") << " of " << head;
    EXPECT_TRUE(EngineProcess::eventually(20, [&] { return of_gateway->last() >= head; }))
        << after << ": the gateway streamed to " << of_gateway->last() << " of " << head << "\n"
        << gateway.log_text();
    const int seen = looks->equal();
    EXPECT_TRUE(EngineProcess::eventually(20, [&] { return looks->equal() > seen; })) << after;
  }
  void finish(const char* what, int faults) {
    trader->stop();
    looks->stop();
    EXPECT_EQ(looks->difference(), "");
    EXPECT_TRUE(EngineProcess::eventually(60, [&] { return engine.figure("openOrders") == 0; }));
    expect_projected();
    const auto checked =
        run({program("rebuild-projections"), "--data-dir", engine.data_dir().string(),
             "--postgres-url", postgres_url, "--check"});
    EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
    const std::uint64_t settled =
        come_to_rest_watched(witness, engine, {of_engine.get(), of_gateway.get()});
    EXPECT_EQ(gateway.stop(), 0) << gateway.log_text();
    EXPECT_EQ(trader->unanswered(), 0);
    EXPECT_LT(slowest_ms, submit_ms_max);
    std::cout << what << ": faults " << faults << ", orders " << trader->trader().acknowledged()
              << ", unanswered " << trader->unanswered() << ", slowest answer " << slowest_ms
              << " ms, settled " << settled << ", snapshots equal to the fold " << looks->equal()
              << " (gone back " << looks->went_back() << ", not to be had " << looks->failed()
              << "), streamed " << of_engine->last() << ", by the gateway " << of_gateway->last()
              << " in " << of_gateway->subscriptions() << " subscriptions, gaps "
              << broken_streams(witness) << std::endl;
  }
  void expect_projected() {
    EXPECT_TRUE(EngineProcess::eventually(
        30, [&] { return engine.figure("projectedSeq") == engine.figure("headSeq"); }));
  }

  TemporaryDirectory dir;
  RedisServer redis;
  PostgresServer postgres;
  std::string postgres_url;
  EngineProcess engine;
  EngineProcess gateway;
  Witness witness;
  std::unique_ptr<WatcherThread> of_engine;
  std::unique_ptr<WatcherThread> of_gateway;
  std::unique_ptr<TableLooks> looks;
  std::unique_ptr<TimedTrader> trader;
  double slowest_ms = 0;
};

TEST_F(PostgresFaults, KilledAndRestartedTheTablesStayTheFold) {
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    postgres.kill_hard();
    EXPECT_TRUE(says_why(engine, "postgres")) << "/readyz does not say that PostgreSQL is away";
    trade(100);
    postgres.start();
    expect_well("killed");
    trade(50);
    postgres.stop();  // -m immediate
    trade(100);
    postgres.start();
    expect_well("restarted");
    trade(50);
  }
  finish("PostgreSQL killed and restarted", 2 * rounds);
}

TEST_F(PostgresFaults, SessionsEndedInTheMiddleOfCommitsLoseAndDoubleNothing) {
  pqxx::connection operator_session(postgres_url);
  std::mt19937 random(20'260'302);  // of the moments; what they hit differs from run to run
  int ended = 0;
  // Far enough apart for the projector to come back in between: its back-off begins with 100 ms.
  for (int i = 0; i < 40; ++i) {
    pause(std::uniform_int_distribution<int>(100, 450)(random));
    pqxx::nontransaction tx(operator_session);
    ended += tx.exec(
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                   "application_name LIKE 'order-engine%'")[0][0]
                 .as<int>();
  }
  expect_well("sessions ended");
  EXPECT_GT(ended, 20);
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
    expect_well(table);
  }
  finish("PostgreSQL tables locked", faults);
}

TEST_F(PostgresFaults, ReplacedByAnOlderCopyItIsBroughtUpToDate) {
  postgres.stop();
  postgres.save_copy();
  postgres.start();
  expect_well("copied");
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    trade(200);
    postgres.stop();
    postgres.restore_copy();
    postgres.start();
    expect_well("replaced");
  }
  EXPECT_GE(looks->went_back(), 1) << "no snapshot saw the older copy";
  finish("PostgreSQL replaced by an older copy", rounds);
}

}  // namespace
}  // namespace oee::test
