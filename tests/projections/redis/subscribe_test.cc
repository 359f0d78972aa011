// RedisSubscribe of a gateway: the log that it follows.
#include "projections/redis/subscribe.h"

#include <gtest/gtest.h>

#include "projections/redis/metrics.h"
#include "projections/redis/options.h"
#include "projections/redis/push_message.h"
#include "projections/redis/status.h"
#include "tests/support/bus_sinks.h"
#include "tests/support/log/sample_log.h"
#include "tests/support/virtual_clock.h"

namespace oee {
namespace {

struct GatewaySubscribe : testing::Test {
  GatewaySubscribe() {
    subscribe.add_sink(sink);
    subscribe.follow(ours);
    sample.add_usual_orders(1, 10);
  }
  void head(const LogIdentity& log, Seq seq) {
    subscribe.take(channels.head, encode_head_message(log, seq));
  }
  void update(const LogIdentity& log, Seq seq) {
    std::string message;
    append_push(message, log, sample.update_at(seq));
    subscribe.take(channels.events, message);
    subscribe.flush();
  }
  // The heads of an engine for `time`.
  void heads_for(const LogIdentity& log, Micros time) {
    for (Micros passed{0}; passed < time; passed += Micros(250'000)) {
      head(log, 5);
      clock.advance(Micros(250'000));
    }
  }

  const LogIdentity ours{test::log_id(1)};
  const LogIdentity restored{test::log_id(1), LogEpoch{{1}}};
  const RedisBusOptions options;
  const RedisChannels channels{options.prefix};
  test::VirtualClock clock;
  RedisBusMetrics metrics;
  RedisStatus status{"redis"};
  RedisSubscribe subscribe{options, channels, clock, metrics, status};
  test::CollectingSink sink;
  test::SampleLog sample;
};

TEST_F(GatewaySubscribe, OneMessageOfAnotherLogReachesNoSink) {
  head(restored, 1'000);
  update(restored, 1);
  head(test::log_id(2), 1'000);
  update(test::log_id(2), 1);
  EXPECT_EQ(sink.calls(), 0U);
  EXPECT_EQ(metrics.messages_foreign.load(), 4U);
  update(ours, 1);
  head(ours, 1);
  EXPECT_EQ(sink.updates().size(), 1U);
  EXPECT_EQ(sink.heads().size(), 1U);
}

TEST_F(GatewaySubscribe, TheOnlyLogThatIsAnnouncedForThreeSecondsIsFollowed) {
  head(ours, 9);
  heads_for(restored, Micros(3'000'000));
  EXPECT_EQ(sink.heads().size(), 1U);
  head(restored, 6);
  EXPECT_EQ(sink.heads().back(), std::pair(restored, Seq{6}));
  update(restored, 7);
  EXPECT_EQ(sink.updates().size(), 1U);
  update(ours, 8);
  EXPECT_EQ(sink.updates().size(), 1U);
}

TEST_F(GatewaySubscribe, FalseHeadsBesideThoseOfTheEngineChangeNothing) {
  for (int i = 0; i < 40; ++i) {
    heads_for(restored, Micros(750'000));
    head(ours, 9);
  }
  heads_for(restored, Micros(1'000'000));
  heads_for(test::log_id(2), Micros(2'500'000));
  EXPECT_EQ(sink.heads().size(), 40U);
}

TEST_F(GatewaySubscribe, HeadsWithPausesChangeNothing) {
  for (int i = 0; i < 10; ++i) {
    head(restored, 9);
    clock.advance(Micros(1'500'000));
  }
  EXPECT_EQ(sink.calls(), 0U);
}

TEST_F(GatewaySubscribe, AGatewayThatKnowsNoLogFollowsTheFirst) {
  subscribe.follow({});
  update(restored, 1);
  update(ours, 2);
  EXPECT_EQ(sink.updates().size(), 1U);
  EXPECT_EQ(sink.updates().front().seq, 1U);
}

}  // namespace
}  // namespace oee
