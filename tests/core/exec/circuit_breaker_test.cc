// The circuit breaker as a value: when it allows calls, over time.
#include "core/exec/circuit_breaker.h"

#include <gtest/gtest.h>

namespace oee {
namespace {

using State = CircuitBreaker::State;

constexpr BreakerOptions options{.failures_max = 3,
                                 .open_min = Micros{1'000},
                                 .open_max = Micros{5'000},
                                 .probe_max = Micros{3'000}};

SteadyTime at(std::int64_t us) {
  return SteadyTime(Micros{us});
}

// Opened at the time 0.
CircuitBreaker opened() {
  CircuitBreaker breaker(options);
  for (std::uint32_t i = 0; i < options.failures_max; ++i) breaker.failed(at(0), at(0));
  EXPECT_EQ(breaker.state(), State::open);
  return breaker;
}

TEST(CircuitBreaker, OpensAfterFailuresInARow) {
  CircuitBreaker breaker(options);
  EXPECT_FALSE(breaker.failed(at(1), at(2)));
  EXPECT_FALSE(breaker.failed(at(2), at(3)));
  EXPECT_FALSE(breaker.succeeded(at(3)));
  EXPECT_FALSE(breaker.failed(at(4), at(5)));
  EXPECT_FALSE(breaker.failed(at(5), at(6)));
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_TRUE(breaker.allows(at(6)));
  EXPECT_TRUE(breaker.failed(at(6), at(7)));
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_FALSE(breaker.allows(at(7)));
  EXPECT_EQ(breaker.left_closed_at(), at(7));
  EXPECT_EQ(breaker.next_probe(), at(1'007));
}

TEST(CircuitBreaker, AProbeThatIsNotSentLeavesItsTurnToTheNextCall) {
  CircuitBreaker breaker = opened();
  breaker.begin(at(1'000));
  breaker.unsent(at(999));  // another call's
  EXPECT_FALSE(breaker.allows(at(1'001)));
  breaker.unsent(at(1'000));
  EXPECT_EQ(breaker.state(), State::half_open);
  ASSERT_TRUE(breaker.allows(at(1'001)));
  breaker.begin(at(1'001));
  EXPECT_FALSE(breaker.allows(at(1'002)));
  EXPECT_TRUE(breaker.succeeded(at(1'001)));
}

TEST(CircuitBreaker, WithoutALimitOfFailuresItStaysClosed) {
  CircuitBreaker breaker(BreakerOptions{.failures_max = 0});
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(breaker.failed(at(i), at(i)));
  EXPECT_TRUE(breaker.allows(at(0)));
}

TEST(CircuitBreaker, AllowsOneProbeAtATimeAfterTheWait) {
  CircuitBreaker breaker = opened();
  EXPECT_FALSE(breaker.allows(at(999)));
  ASSERT_TRUE(breaker.allows(at(1'000)));
  EXPECT_EQ(breaker.state(), State::open);
  breaker.begin(at(1'000));
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_FALSE(breaker.allows(at(1'000)));
  EXPECT_TRUE(breaker.succeeded(at(1'000)));
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_TRUE(breaker.allows(at(1'001)));
  breaker.begin(at(1'001));
  EXPECT_EQ(breaker.state(), State::closed) << "a call, no probe";
}

TEST(CircuitBreaker, EachFailedProbeDoublesTheWaitUpToItsBound) {
  CircuitBreaker breaker = opened();
  SteadyTime now = breaker.next_probe();
  for (const std::int64_t wait : {2'000, 4'000, 5'000, 5'000}) {
    ASSERT_TRUE(breaker.allows(now));
    breaker.begin(now);
    EXPECT_FALSE(breaker.failed(now, now + Micros{10})) << "it was not closed";
    EXPECT_EQ(breaker.next_probe(), now + Micros{10 + wait});
    EXPECT_FALSE(breaker.allows(breaker.next_probe() - Micros{1}));
    EXPECT_EQ(breaker.left_closed_at(), at(0));
    now = breaker.next_probe();
  }
  breaker.begin(now);
  breaker.succeeded(now);
  for (int i = 0; i < 3; ++i) breaker.failed(now, now);
  EXPECT_EQ(breaker.next_probe(), now + Micros{1'000}) << "a success ends the doubling";
}

TEST(CircuitBreaker, AProbeWithoutAResultHoldsBackTheNextForALimitedTime) {
  CircuitBreaker breaker = opened();
  breaker.begin(at(1'000));
  EXPECT_FALSE(breaker.allows(at(3'999)));
  ASSERT_TRUE(breaker.allows(at(4'000)));
  breaker.begin(at(4'000));
  EXPECT_FALSE(breaker.allows(at(7'999))) << "the wait is longer now than the time of a probe";
  EXPECT_TRUE(breaker.allows(at(8'000)));
  EXPECT_TRUE(breaker.succeeded(at(1'000))) << "the first probe, late";
}

TEST(CircuitBreaker, CallsFromBeforeTheLastOpeningCountForNothing) {
  CircuitBreaker breaker = opened();
  EXPECT_FALSE(breaker.succeeded(at(-1)));
  EXPECT_EQ(breaker.state(), State::open);
  breaker.begin(at(1'000));
  EXPECT_FALSE(breaker.failed(at(-1), at(1'001)));
  EXPECT_FALSE(breaker.succeeded(at(-1)));
  EXPECT_EQ(breaker.state(), State::half_open);
  breaker.failed(at(1'000), at(1'002));
  breaker.begin(breaker.next_probe());
  EXPECT_FALSE(breaker.succeeded(at(1'001)));
  EXPECT_EQ(breaker.state(), State::half_open) << "a failed probe opens it anew";
}

TEST(CircuitBreaker, MoreFailuresWhileOpenDelayNoProbe) {
  CircuitBreaker breaker = opened();
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(breaker.failed(at(500), at(900)));
  EXPECT_EQ(breaker.next_probe(), at(1'000));
}

}  // namespace
}  // namespace oee
