// HealthRegistry and ConsumerLag.
#include <gtest/gtest.h>

#include "api/telemetry/consumer_lag.h"
#include "api/telemetry/health_registry.h"

namespace oee {
namespace {

using std::chrono::seconds;

TEST(Health, NamesTheReasonOfAFailStopAndKeepsTheFirst) {
  HealthRegistry health;
  EXPECT_TRUE(health.readiness().ready);
  health.set_failed("cannot write the log: No space left on device");
  health.set_failed("the venue's ledger has failed");
  const Readiness readiness = health.readiness();
  EXPECT_FALSE(readiness.ready);
  ASSERT_EQ(readiness.reasons.size(), 1U);
  EXPECT_EQ(readiness.reasons[0],
            "the engine halts: cannot write the log: No space left on device");
  EXPECT_EQ(readiness.words, std::vector<std::string>{"the engine halts"});
}

TEST(Health, NumbersAndReasonsComeFromTheRegisteredParts) {
  HealthRegistry health;
  std::string unhealthy_reason;
  health.add_check("the read model is unavailable",
                   [&unhealthy_reason] { return unhealthy_reason; });
  health.add_check(
      [&unhealthy_reason] { return std::string(unhealthy_reason.empty() ? "" : "b"); });
  health.add_number("headSeq", [] { return std::uint64_t{7}; });
  health.add_text("role", "engine");
  EXPECT_EQ(health.readiness().health_json, R"({"role":"engine","headSeq":7})");
  health.add_members([](JsonWriter& json) { json.key("a").number(1).key("b").text("2"); });
  EXPECT_EQ(health.readiness().health_json, R"({"role":"engine","a":1,"b":"2","headSeq":7})");
  unhealthy_reason = "postgres: connection refused";
  EXPECT_EQ(health.readiness().reasons, (std::vector<std::string>{unhealthy_reason, "b"}));
  EXPECT_EQ(health.readiness().words,
            (std::vector<std::string>{"the read model is unavailable", "b"}));
  health.start_draining();
  EXPECT_EQ(health.readiness().reasons.size(), 3U);
  EXPECT_EQ(health.readiness().words.size(), 3U);
  EXPECT_FALSE(health.readiness().words_only);
  health.hide_reasons();
  EXPECT_TRUE(health.readiness().words_only);
}

// Sampled once a second.
struct LagTest : testing::Test {
  void sample(Seq head, Seq position) {
    now += seconds(1);
    lag.sample(now, head, position);
  }
  SteadyTime now{seconds(1'000)};
  ConsumerLag lag;
};

TEST_F(LagTest, IsZeroForAConsumerThatKeepsUpAndForAnIdleLog) {
  for (Seq head = 0; head < 5'000; head += 100) {
    sample(head, head > 3 ? head - 3 : 0);
    EXPECT_EQ(lag.seconds(), 0U) << head;
  }
  for (int i = 0; i < 100; ++i) sample(5'000, 5'000);
  EXPECT_EQ(lag.seconds(), 0U);
  // The first event after an idle time has no lag.
  sample(5'001, 5'000);
  EXPECT_EQ(lag.seconds(), 0U);
}

TEST_F(LagTest, BeginsWithTheFirstSampleHoweverFarTheConsumerIsBehind) {
  sample(1'000, 0);
  EXPECT_EQ(lag.seconds(), 0U);
  sample(1'000, 0);
  EXPECT_EQ(lag.seconds(), 1U);
}

// Anyone may announce a head on a gateway's bus.
TEST_F(LagTest, AHeadFarAheadIsForgottenWithTheNext) {
  sample(100, 100);
  sample(9'000'000'000'000'000'000, 100);
  for (Seq second = 1; second <= 20; ++second) {
    sample(100 + second * 10, 97 + second * 10);
    EXPECT_LE(lag.seconds(), 1U) << second;
  }
  EXPECT_EQ(lag.seconds(), 0U);
}

TEST_F(LagTest, GrowsWhileTheConsumerStopsAndEndsWhenItHasCaughtUp) {
  sample(100, 100);
  for (Seq second = 1; second <= 20; ++second) sample(100 + second * 10, 100);
  EXPECT_GE(lag.seconds(), 18U);
  EXPECT_LE(lag.seconds(), 20U);
  sample(300, 300);
  EXPECT_EQ(lag.seconds(), 0U);
}

TEST_F(LagTest, StaysForAConsumerThatMovesButIsAlwaysBehind) {
  // 100 events a second arrive. Each is processed ten seconds later.
  std::uint64_t least = 1'000;
  for (Seq second = 10; second < 100; ++second) {
    sample(second * 100, (second - 10) * 100);
    if (second > 40) least = std::min(least, lag.seconds());
  }
  EXPECT_GE(least, 8U);
  EXPECT_LE(least, 11U);
}

}  // namespace
}  // namespace oee
