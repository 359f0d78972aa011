// The engine is stopped by SIGSTOP during orders for longer than any of its own time limits: of
// venue calls (2 s), of status queries to venues (1 s), of Redis (3 s), of HTTP heads and bodies
// (10 s), and of the WebSocket's ping and its answer (2 x 20 s). After SIGCONT every timer is late
// at once. Nothing may be done twice because of that.
#include <gtest/gtest.h>

#include "tests/stack/fault_fixture.h"

namespace oee::test {
namespace {

constexpr int stopped_ms = 60'000;

TEST(Process, StoppedPastEveryTimeLimitAndContinuedDoesNothingTwice) {
  TemporaryDirectory dir;
  RedisServer redis;
  const std::string postgres_url = PostgresServer::shared_database();
  EngineProcess engine(dir.path() / "data", joined(faulty_venue, {"--postgres-url", postgres_url,
                                                                  "--redis-url", redis.url()}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  SharedChecker history;
  WatcherThread watcher(history, engine.port());
  TimedTrader first(history, engine.port(), "first");
  TimedTrader second(history, engine.port(), "second");
  ASSERT_TRUE(EngineProcess::eventually(20, [&] { return first.answered() >= 300; }));
  const std::uint64_t open_before = engine.health_number("openOrders");
  engine.child().signal(SIGSTOP);
  pause(stopped_ms);
  const int answered_before = first.answered();
  engine.child().signal(SIGCONT);
  const auto continued = Steady::now();
  EXPECT_TRUE(gets_ready(engine)) << engine.log_text();
  EXPECT_TRUE(EngineProcess::eventually(15, [&] {
    return first.answered() >= answered_before + 100;
  })) << "submits do not continue";
  const double recovered_s = seconds_since(continued);
  first.stop();
  second.stop();
  const std::uint64_t settled = drain_and_check(history, engine, {&watcher});
  const auto checked = run({program("rebuild-projections"), "--data-dir",
                            engine.data_dir().string(), "--postgres-url", postgres_url, "--check"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_GT(open_before, 0U) << "no order was under way when it was stopped";
  std::cout << "SIGSTOP: stopped " << stopped_ms << " ms with " << open_before
            << " open orders, recovered after " << recovered_s << " s, acknowledged "
            << first.trader().acknowledged() + second.trader().acknowledged() << ", cut answers "
            << first.unanswered() + second.unanswered() << ", settled " << settled
            << ", updates streamed " << watcher.last() << " in " << watcher.subscriptions()
            << " subscriptions, gaps " << broken_stream_count(history) << std::endl;
}

}  // namespace
}  // namespace oee::test
