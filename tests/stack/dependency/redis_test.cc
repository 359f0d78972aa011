// Redis is killed, hangs, and disconnects its subscribers. Submits stay as fast as before, and the
// WebSocket streams of the engine and of a gateway beside it have no gap and no repeat.
#include <gtest/gtest.h>

#include "tests/stack/dependency/dependency_fixture.h"

namespace oee::test {
namespace {

struct RedisFaults : DependencyFixture {
  RedisFaults() : DependencyFixture(false, std::chrono::milliseconds(2)) {}
  void expect_recovered(const char* after) {
    EXPECT_TRUE(gets_ready(engine)) << after << engine.log_text();
    EXPECT_TRUE(gets_ready(gateway)) << after << gateway.log_text();
    expect_streams_caught_up(after);
  }
};

TEST_F(RedisFaults, KilledAndHungItIsMissedByNoSubmitAndNoSubscriber) {
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    redis.stop();
    EXPECT_TRUE(reports_unready(engine, "redis")) << "/readyz does not report that Redis is away";
    EXPECT_TRUE(reports_unready(gateway, "redis"));
    trade(150);
    redis.start();
    trade(50);
    expect_recovered("killed");
    redis.hang();
    EXPECT_TRUE(reports_unready(engine, "no answer")) << "/readyz does not report that Redis hangs";
    trade(150);
    redis.resume();
    trade(50);
    expect_recovered("hung");
  }
  const std::string log = whole_log(engine);
  EXPECT_NE(log.find("the Redis stream is unhealthy"), std::string::npos) << log;
  finish("Redis killed and hung", 2 * rounds);
}

TEST_F(RedisFaults, CutOffItsSubscribersComeBackWithoutAGap) {
  int faults = 0;
  for (int i = 0; i < 20; ++i, ++faults) {
    const std::string killed = redis.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    EXPECT_TRUE(killed.starts_with(":")) << killed;
    trade(15);
  }
  expect_recovered("CLIENT KILL");
  // Redis disconnects a subscriber whose output buffer exceeds 32 KB: one message of 1 MB is
  // enough. The message is no update, and subscribers ignore it.
  EXPECT_EQ(redis.command({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 32768 0 0"}),
            "+OK\r\n");
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 20; ++i, ++faults) {
    const std::string published = redis.command({"PUBLISH", "oee:events", large});
    EXPECT_TRUE(published.starts_with(":")) << published;
    trade(15);
  }
  expect_recovered("output limit");
  const std::string log = whole_log(engine);
  EXPECT_NE(log.find("closed by the server"), std::string::npos) << log;
  finish("Redis cuts its subscribers off", faults);
}

}  // namespace
}  // namespace oee::test
