// Redis killed, hung, cutting its subscribers off: submits do not notice, and the WebSocket streams
// of the engine and of a gateway beside it have no gap and no repeat.
#include <gtest/gtest.h>

#include "tests/stack/fault_fixture.h"

namespace oee::test {
namespace {

// On a machine that does other things too. Redis is on no path that a submit waits on: what a
// dependency of it would cost shows as its time limits, 3 s.
constexpr double submit_ms_max = 1'500;

struct RedisFaults : testing::Test {
  RedisFaults()
      : postgres_url(PostgresServer::shared_database()),
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
    trader = std::make_unique<TimedTrader>(witness, engine.port(), "order");
    trade(100);
  }
  void trade(int orders) {
    const int until = trader->answered() + orders;
    EXPECT_TRUE(EngineProcess::eventually(20, [&] { return trader->answered() >= until; }))
        << engine.log_text();
    slowest_ms = std::max(slowest_ms, trader->slowest_ms());
  }
  // All is caught up, and the stream goes on while the load does.
  void expect_well(const char* after) {
    EXPECT_TRUE(gets_ready(engine)) << after << engine.log_text();
    EXPECT_TRUE(gets_ready(gateway)) << after << gateway.log_text();
    const Seq head = engine.figure("headSeq");
    for (WatcherThread* watcher : {of_engine.get(), of_gateway.get()})
      EXPECT_TRUE(EngineProcess::eventually(15, [&] { return watcher->last() >= head; }))
          << after << ": streamed to " << watcher->last() << " of " << head;
  }
  void finish(const char* what, int faults) {
    trader->stop();
    const std::uint64_t settled =
        come_to_rest_watched(witness, engine, {of_engine.get(), of_gateway.get()});
    EXPECT_EQ(gateway.stop(), 0) << gateway.log_text();
    EXPECT_EQ(trader->unanswered(), 0);
    EXPECT_LT(slowest_ms, submit_ms_max);
    std::cout << what << ": faults " << faults << ", orders " << trader->trader().acknowledged()
              << ", unanswered " << trader->unanswered() << ", slowest answer " << slowest_ms
              << " ms, settled " << settled << ", updates streamed " << of_engine->last() << " in "
              << of_engine->subscriptions() << " subscriptions, by the gateway "
              << of_gateway->last() << " in " << of_gateway->subscriptions() << ", gaps "
              << broken_streams(witness) << std::endl;
  }

  TemporaryDirectory dir;
  RedisServer redis;
  std::string postgres_url;
  EngineProcess engine;
  EngineProcess gateway;
  Witness witness;
  std::unique_ptr<WatcherThread> of_engine;
  std::unique_ptr<WatcherThread> of_gateway;
  std::unique_ptr<TimedTrader> trader;
  double slowest_ms = 0;
};

TEST_F(RedisFaults, KilledAndHungItIsMissedByNoSubmitAndNoSubscriber) {
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    redis.stop();
    EXPECT_TRUE(says_why(engine, "redis")) << "/readyz does not say that Redis is away";
    EXPECT_TRUE(says_why(gateway, "redis"));
    trade(150);
    redis.start();
    trade(50);
    expect_well("killed");
    redis.hang();
    EXPECT_TRUE(says_why(engine, "no answer")) << "/readyz does not say that Redis hangs";
    trade(150);
    redis.go_on();
    trade(50);
    expect_well("hung");
  }
  const std::string said = whole_log(engine);
  EXPECT_NE(said.find("the Redis stream is in trouble"), std::string::npos) << said;
  finish("Redis killed and hung", 2 * rounds);
}

TEST_F(RedisFaults, CutOffItsSubscribersComeBackWithoutAGap) {
  int faults = 0;
  for (int i = 0; i < 20; ++i, ++faults) {
    const std::string killed = redis.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    EXPECT_TRUE(killed.starts_with(":")) << killed;
    trade(15);
  }
  expect_well("CLIENT KILL");
  // A subscriber that owes more than 32 KB is cut off: one message of 1 MB does it. It is nobody's
  // update, and is left out by who hears it.
  EXPECT_EQ(redis.command({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 32768 0 0"}),
            "+OK\r\n");
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 20; ++i, ++faults) {
    const std::string heard = redis.command({"PUBLISH", "oee:events", large});
    EXPECT_TRUE(heard.starts_with(":")) << heard;
    trade(15);
  }
  expect_well("output limit");
  const std::string said = whole_log(engine);
  EXPECT_NE(said.find("closed by the server"), std::string::npos) << said;
  finish("Redis cuts its subscribers off", faults);
}

}  // namespace
}  // namespace oee::test
