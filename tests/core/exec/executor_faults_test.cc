// The executor beside venues that answer late or never, a slow log and clocks that step.
#include <gtest/gtest.h>

#include "tests/core/exec/executor_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::ExecutorFixture;

TEST(ExecutorFaults, AnExpiryOfAnAttemptWaitsUntilItsVenueIsConfigured) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{1'000'000});
  fixture.settle_now();
  fixture.venues = {&fixture.meteora};
  fixture.restart();
  fixture.run_for(Micros{20'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::submitted);
  fixture.venues = {&fixture.raydium, &fixture.meteora};
  fixture.restart();
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired);
}

TEST(ExecutorFaults, ExpiriesAtOneTimeAreBoundedInTheLogsQueue) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 0;
  fixture.restart();
  for (std::uint64_t n = 1; n <= 1'000; ++n)
    fixture.place(n, fixture.clock.now() + Micros{1'000'000});
  fixture.settle_now();
  fixture.clock.advance(Micros{1'000'000});
  for (int i = 0; i < 10; ++i) {  // the log does not answer
    fixture.clock.fire_next();
    fixture.loop.restart();
    fixture.loop.poll();
  }
  EXPECT_EQ(fixture.appender->in_flight(), 256U);
  fixture.run_for(Micros{1'000});
  for (std::uint64_t n = 1; n <= 1'000; ++n)
    EXPECT_EQ(fixture.order(test::order_id(n)).phase, Phase::expired);
}

TEST(ExecutorFaults, AfterItsExpiryAnAttemptIsCancelledOnceASecond) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  fixture.raydium.cancel_error = Error{Errc::unavailable, "down"};
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{1'500'000});
  fixture.run_for(Micros{11'600'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::submitted);
  EXPECT_EQ(fixture.raydium.cancels.size(), 11U);
}

TEST(ExecutorFaults, AStepBackOfTheClockDoesNotProlongTheWaitForAQuote) {
  ExecutorFixture fixture;
  fixture.raydium.quote_error = fixture.meteora.quote_error = Error{Errc::unavailable, "down"};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'000'000});
  fixture.clock.step_wall(Micros{-3'600'000'000});
  fixture.run_for(Micros{58'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::pending);
  fixture.run_for(Micros{6'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired);
}

TEST(ExecutorFaults, ALateAnswerToAQuestionIsTakenAsAReport) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.raydium.find_delay = Micros{6'000'000};  // longer than the wait for an answer
  fixture.raydium.land(venue_order_id_of(id, 1), false);
  fixture.run_for(Micros{60'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

TEST(ExecutorFaults, AVenueIsAskedForQuotesAgainAlthoughOneNeverReturns) {
  ExecutorFixture fixture;
  fixture.options.quote_breaker.failures_max = 1;
  fixture.restart();
  fixture.raydium.quote_delay = Micros{3'600'000'000};
  fixture.place(1);
  fixture.run_for(Micros{3'100'000});
  fixture.place(2);  // the probe, which never returns either
  fixture.settle_now();
  EXPECT_EQ(fixture.raydium.quotes, 2);
  fixture.raydium.quote_delay = Micros{0};  // the venue is well again, and two answers are lost
  fixture.run_for(Micros{2'100'000});
  for (std::uint64_t n = 3; n <= 4; ++n) {
    const OrderId id = fixture.place(n);
    fixture.settle_now();
    EXPECT_EQ(fixture.order(id).venue, "raydium");
  }
  EXPECT_EQ(fixture.raydium.quotes, 4);
}

TEST(ExecutorFaults, AUsableQuoteEndsTheBackOffBetweenQuotes) {
  ExecutorFixture fixture;
  fixture.raydium.quote_error = fixture.meteora.quote_error = Error{Errc::unavailable, "down"};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{20'000'000});
  fixture.raydium.quote_error.reset();
  fixture.raydium.script = {Act::refuse_slippage};
  fixture.run_for(Micros{3'000'000});
  ASSERT_EQ(fixture.order(id).attempts_made, 1U);
  fixture.raydium.quote_error = Error{Errc::unavailable, "down"};
  fixture.run_for(fixture.order(id).retry_at - fixture.clock.now());
  fixture.raydium.quotes = 0;
  fixture.run_for(Micros{2'000'000});
  EXPECT_EQ(fixture.raydium.quotes, 3) << "after 0.25, 0.75 and 1.75 s";
}

// Admission takes the time of decisions to tell a slow log from slow venues.
TEST(ExecutorFaults, TheTimeOfADecisionWithoutAQuoteIsMeasured) {
  ExecutorFixture fixture;
  fixture.raydium.quote_error = fixture.meteora.quote_error = Error{Errc::unavailable, "down"};
  fixture.place(1);
  fixture.settle_now();
  const ExecutorMetrics& metrics = fixture.executor->metrics();
  fixture.raydium.quote_delay = Micros{1'000'000};
  const std::uint64_t before = metrics.executed_us;
  fixture.run_for(Micros{500'000});
  EXPECT_EQ(metrics.waiting, 0U) << "its quotes are asked for";
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(metrics.waiting, 1U);
  EXPECT_EQ(metrics.executed_us - before, 1'000'000U);
}

TEST(ExecutorFaults, AStepBackOfTheClockLetsNoOrderBeDecidedWithoutEnd) {
  ExecutorFixture fixture;
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{100'000});
  fixture.log.write();
  fixture.log.sync();
  fixture.loop.restart();
  fixture.loop.poll();  // the transaction is in the log's queue
  fixture.clock.step_wall(Micros{100'000});
  fixture.log.write();  // it comes too late
  fixture.clock.step_wall(Micros{-100'000});
  fixture.log.sync();
  for (int i = 0; i < 10; ++i) {
    fixture.loop.restart();
    fixture.loop.poll();
    fixture.log.write();
    fixture.log.sync();
  }
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

}  // namespace
}  // namespace oee
