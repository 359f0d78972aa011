// The executor's steps, retries, restarts and requeues, over scripted venues.
#include "core/exec/executor.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/core/exec/executor_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::ExecutorFixture;

TEST(Executor, ConfirmsAnOrderInThreeGroupCommits) {
  ExecutorFixture fixture;
  const OrderId id = fixture.place(1);
  EXPECT_EQ(fixture.settle_now(), 3);
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
            "OrderConfirmed");
  const Order order = fixture.order(id);
  EXPECT_EQ(order.venue, "raydium");
  EXPECT_EQ(to_text(order.executed_price), "149");
  EXPECT_EQ(fixture.executor->metrics().open, 0U);
}

TEST(Executor, StartsAnAttemptDurablyWhenQuotesTakeTime) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{200'000};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  EXPECT_EQ(fixture.types(id), "OrderAccepted RoutingStarted");
  fixture.run_for(Micros{300'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

TEST(Executor, ALostReplyIsUnknownAndThenFoundSettledOnce) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_reply};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt OutcomeUnknown "
            "TransactionSubmitted OrderConfirmed");
  EXPECT_EQ(fixture.raydium.settlements.size(), 1U);
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
}

TEST(Executor, ALostRequestIsSubmittedAgainUnderTheSameId) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_request, Act::lose_request};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{20'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  ASSERT_EQ(fixture.raydium.submits.size(), 3U);
  for (const VenueOrderId& submitted : fixture.raydium.submits)
    EXPECT_EQ(submitted, venue_order_id_of(id, 1));
  EXPECT_EQ(fixture.raydium.settlements[venue_order_id_of(id, 1)], 1);
}

TEST(Executor, ATransactionInFlightIsAskedForUntilItEnds) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  EXPECT_EQ(fixture.order(id).phase, Phase::submitted);
  EXPECT_TRUE(fixture.order(id).tx_hash.has_value());
  fixture.run_for(Micros{2'500'000});
  EXPECT_EQ(fixture.raydium.finds.size(), 2U) << "once a second";
  fixture.raydium.land(venue_order_id_of(id, 1), false);
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
}

TEST(Executor, AnEndThatTheVenueReportsIsRecordedAtOnce) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.raydium.land(venue_order_id_of(id, 1));
  fixture.settle_now();
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_TRUE(fixture.raydium.finds.empty());
}

TEST(Executor, AReportDuringAnAppendWaitsForItsTurn) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.raydium.on_submit = [&] {
    // The end comes before the answer to the submit.
    post(fixture.loop, [&] { fixture.raydium.land(venue_order_id_of(id, 1)); });
  };
  fixture.settle_now();
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
            "OrderConfirmed");
}

TEST(Executor, ALiveAttemptHoldsNoSlot) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 2;
  fixture.restart();
  fixture.raydium.script.assign(10, Act::accept_first);
  for (std::uint64_t n = 1; n <= 10; ++n) fixture.place(n);
  fixture.settle_now();
  const ExecutorMetrics& metrics = fixture.executor->metrics();
  EXPECT_EQ(metrics.venues[0]->live, 10U);
  EXPECT_EQ(metrics.executing, 0U);
  EXPECT_EQ(metrics.waiting, 0U);
}

TEST(Executor, ASilentVenueStopsNoOrderOfAnother) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 2;
  fixture.restart();
  fixture.raydium.submit_delay = Micros{3'600'000'000};
  fixture.raydium.find_error = Error{Errc::timeout, "silent"};
  for (std::uint64_t n = 1; n <= 10; ++n) fixture.place(n);
  fixture.settle_now();
  fixture.raydium.quote_error = Error{Errc::unavailable, "silent"};
  for (std::uint64_t n = 11; n <= 20; ++n) fixture.place(n);
  fixture.settle_now();
  for (std::uint64_t n = 1; n <= 10; ++n)
    EXPECT_EQ(fixture.order(test::order_id(n)).phase, Phase::building);
  for (std::uint64_t n = 11; n <= 20; ++n)
    EXPECT_EQ(fixture.order(test::order_id(n)).phase, Phase::confirmed);
  fixture.run_for(Micros{5'000'000});
  EXPECT_TRUE(fixture.order(test::order_id(1)).outcome_unknown) << "the call has a deadline";
}

TEST(Executor, AVenueWithoutRoomGetsNoFurtherOrder) {
  ExecutorFixture fixture;
  fixture.options.live_attempts_max = 2;
  fixture.restart();
  fixture.raydium.script.assign(2, Act::accept_first);
  for (std::uint64_t n = 1; n <= 3; ++n) fixture.place(n);
  fixture.settle_now();
  EXPECT_EQ(fixture.order(test::order_id(2)).venue, "raydium");
  const Order third = fixture.order(test::order_id(3));
  EXPECT_EQ(third.phase, Phase::confirmed);
  EXPECT_EQ(third.venue, "meteora");
  fixture.raydium.land(venue_order_id_of(test::order_id(1), 1));
  fixture.settle_now();
  fixture.place(4);
  fixture.settle_now();
  EXPECT_EQ(fixture.order(test::order_id(4)).venue, "raydium");
}

TEST(Executor, AnAnswerAfterTheDeadlineIsTakenAsAReport) {
  ExecutorFixture fixture;
  fixture.raydium.submit_delay = Micros{60'000'000};
  fixture.raydium.find_error = Error{Errc::timeout, "silent"};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{59'000'000});
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt OutcomeUnknown");
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

TEST(Executor, AQuoteThatNeverReturnsHoldsNoOrderAndNoStop) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{3'600'000'000};
  const int failures_max = static_cast<int>(fixture.options.quote_breaker.failures_max);
  for (int n = 1; n <= failures_max; ++n) fixture.place(static_cast<std::uint64_t>(n));
  fixture.run_for(Micros{2'100'000});
  EXPECT_EQ(fixture.order(test::order_id(1)).phase, Phase::confirmed);
  EXPECT_EQ(fixture.order(test::order_id(1)).venue, "meteora");
  // The venue's circuit breaker is open: orders do not wait for it.
  const OrderId next = fixture.place(100);
  fixture.settle_now();
  EXPECT_EQ(fixture.order(next).phase, Phase::confirmed);
  EXPECT_EQ(fixture.raydium.quotes, failures_max);
  fixture.restart();  // checks that the stop ends
}

TEST(Executor, AVenueWhoseAnswersAlternateAddsFewRecords) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  for (int i = 0; i < 20; ++i) {
    fixture.raydium.find_error = Error{Errc::timeout, "silent"};
    fixture.run_for(Micros{1'500'000});
    fixture.raydium.find_error.reset();
    fixture.run_for(Micros{1'500'000});
  }
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
            "OutcomeUnknown");
  EXPECT_LE(fixture.raydium.finds.size(), 60U);
}

TEST(Executor, WithoutSlotsLiveAttemptsAreStillAskedFor) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.options.concurrency = 0;
  fixture.restart();
  fixture.raydium.land(venue_order_id_of(id, 1), false);
  fixture.run_for(Micros{2'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

TEST(Executor, RetriesWithBackOffThenTheOrderIsADeadLetter) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_slippage, Act::refuse_slippage, Act::refuse_slippage};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'900'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::pending);
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
  fixture.run_for(Micros{200'000});  // 2 s: the second attempt
  EXPECT_EQ(fixture.raydium.submits.size(), 2U);
  fixture.run_for(Micros{3'800'000});
  EXPECT_EQ(fixture.raydium.submits.size(), 2U);
  fixture.run_for(Micros{400'000});  // 2 s + 4 s: the third
  EXPECT_EQ(fixture.raydium.submits.size(), 3U);
  const Order order = fixture.order(id);
  EXPECT_EQ(order.phase, Phase::failed);
  EXPECT_EQ(order.attempts_made, 3U);
  EXPECT_EQ(
      std::set<VenueOrderId>(fixture.raydium.submits.begin(), fixture.raydium.submits.end()).size(),
      3U);
}

TEST(Executor, ARequeuedDeadLetterGoesOnWithTheNextAttemptNumber) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_invalid};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'000'000});
  ASSERT_EQ(fixture.order(id).phase, Phase::failed);
  EXPECT_EQ(fixture.orders->size(), 0U);
  fixture.append(id, DeadLetterRequeued{"ops", "again"});
  fixture.settle_now();
  const Order order = fixture.order(id);
  EXPECT_EQ(order.phase, Phase::confirmed);
  EXPECT_EQ(order.attempt, 2U);
}

// The open-order hint consists of open_ids(). If a requeued order were missing while its requeue is
// folded, a start after a crash would not find it.
TEST(Executor, ARequeuedOrderIsOpenWhileItIsStillBeingFolded) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_invalid};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'000'000});
  ASSERT_EQ(fixture.order(id).phase, Phase::failed);
  EXPECT_TRUE(fixture.executor->open_ids().empty());
  fixture.reader_held = true;
  fixture.append(id, DeadLetterRequeued{"ops", "again"});
  fixture.settle_now();
  ASSERT_EQ(fixture.executor->metrics().folded.load(), fixture.records_of(id).back().seq);
  EXPECT_EQ(fixture.executor->open_ids(), std::vector{id});
  fixture.reader_held = false;
  fixture.settle_now();
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_TRUE(fixture.executor->open_ids().empty());
}

TEST(Executor, ARequeuedOrderThatCannotBeReadIsNamedWithItsSeqAndTrace) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_invalid};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'000'000});
  ASSERT_EQ(fixture.order(id).phase, Phase::failed);
  fixture.seen_log.damaged = true;
  fixture.trace.bytes[0] = 7;
  testing::internal::CaptureStderr();
  fixture.append(id, DeadLetterRequeued{"ops", "again"});
  fixture.settle_now();
  const std::string logged = testing::internal::GetCapturedStderr();
  const Record requeued = fixture.records_of(id).back();
  EXPECT_NE(logged.find("a requeued order cannot be read order=" + to_text(id) +
                        " seq=" + std::to_string(requeued.seq) +
                        " trace=" + to_text(requeued.correlation) + " version=6"),
            std::string::npos)
      << logged;
}

TEST(Executor, ACancelDuringBackOffWins) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_slippage};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{500'000});
  ASSERT_EQ(fixture.order(id).phase, Phase::pending);
  fixture.append(id, OrderCancelled{"default", "asked"});
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::cancelled);
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
}

TEST(Executor, ACancelThatWinsTheRaceAgainstRoutingEndsTheOrder) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{200'000};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.append(id, OrderCancelled{"default", "asked"});
  fixture.run_for(Micros{5'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::cancelled);
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

TEST(Executor, AnOrderPastItsExpiryIsNeverBuilt) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{500'000};
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{100'000});
  fixture.run_for(Micros{2'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired);
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

TEST(Executor, AfterARestartALiveAttemptIsAskedForBeforeAnythingElse) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_request};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  ASSERT_EQ(fixture.order(id).phase, Phase::submitted);
  ASSERT_TRUE(fixture.order(id).outcome_unknown);
  fixture.restart();
  fixture.raydium.finds.clear();
  fixture.raydium.find_error = Error{Errc::timeout, "no answer"};
  const auto submits_before = fixture.raydium.submits.size();
  fixture.run_for(Micros{1});
  ASSERT_FALSE(fixture.raydium.finds.empty());
  EXPECT_EQ(fixture.raydium.submits.size(), submits_before);
  fixture.raydium.find_error.reset();
  fixture.run_for(Micros{20'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.raydium.settlements[venue_order_id_of(id, 1)], 1);
}

TEST(Executor, AnExpiredTransactionIsFollowedByANewAttempt) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_request};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.raydium.script.assign(50, Act::lose_request);
  fixture.raydium.height = 1'000;  // above valid_until_height
  fixture.run_for(Micros{1'500'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::pending);
  EXPECT_EQ(fixture.order(id).error, ErrorClass::attempt_expired);
  fixture.raydium.script.clear();
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.order(id).attempt, 2U);
}

TEST(Executor, ExpiryWithAnUnknownOutcomeCancelsAtTheVenueFirst) {
  ExecutorFixture fixture;
  fixture.raydium.script.assign(50, Act::lose_request);
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{1'500'000});
  fixture.run_for(Micros{30'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired);
  EXPECT_TRUE(fixture.raydium.settlements.empty());
  EXPECT_EQ(fixture.raydium.ledger.begin()->second.status, VenueStatus::cancelled);
}

// --- Waiting for a quote -------------------------------------------------------------------------

void stop_quoting(ExecutorFixture& fixture) {
  fixture.raydium.quote_error = Error{Errc::unavailable, "down"};
  fixture.meteora.quote_error = Error{Errc::timeout, "slow"};
}

TEST(Executor, AnOrderWithoutAQuoteWaitsAndLosesNoAttempt) {
  ExecutorFixture fixture;
  stop_quoting(fixture);
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{50'000'000});
  const Order waiting = fixture.order(id);
  EXPECT_EQ(fixture.types(id), "OrderAccepted RoutingStarted AttemptFailed");
  EXPECT_EQ(waiting.phase, Phase::pending);
  EXPECT_EQ(waiting.error, ErrorClass::no_quote);
  EXPECT_EQ(waiting.error_detail, "raydium: down; meteora: slow");
  EXPECT_EQ(waiting.attempts_made, 0U);
  EXPECT_EQ(fixture.executor->metrics().executing, 0U);
  EXPECT_GE(fixture.raydium.quotes, 10);
  EXPECT_LE(fixture.raydium.quotes, 20) << "the back-off has two bounds";
  fixture.meteora.quote_error.reset();
  fixture.run_for(Micros{6'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.order(id).venue, "meteora");
  EXPECT_EQ(fixture.order(id).attempts_made, 1U);
}

TEST(Executor, WithoutAQuoteForAMinuteTheOrderExpires) {
  ExecutorFixture fixture;
  stop_quoting(fixture);
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{59'900'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::pending);
  fixture.run_for(Micros{200'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired);
  const std::string why = std::get<OrderExpired>(fixture.records_of(id).back().event).why;
  EXPECT_TRUE(why.starts_with("no quote until the deadline: raydium: ")) << why;
  EXPECT_NE(why.find("last error: down; meteora: "), why.npos) << why;
  EXPECT_TRUE(why.ends_with("last error: slow")) << why;
}

TEST(Executor, AnExpiryEndsTheWaitForAQuoteOnTime) {
  ExecutorFixture fixture;
  stop_quoting(fixture);
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{300'000'000});
  fixture.run_for(Micros{299'999'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::pending);
  fixture.run_for(Micros{1'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired);
}

TEST(Executor, ARestartContinuesTheWaitForAQuote) {
  ExecutorFixture fixture;
  stop_quoting(fixture);
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'000'000});
  fixture.restart();
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::pending);
  EXPECT_EQ(fixture.order(id).attempts_made, 0U);
  fixture.raydium.quote_error.reset();
  fixture.run_for(Micros{6'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

TEST(Executor, AQuoteBelowTheLimitIsNotBuiltButWaitedFor) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_slippage};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.raydium.quoted_out = fixture.meteora.quoted_out = 140'000'000;  // the first was 149
  fixture.run_for(Micros{20'000'000});
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
  EXPECT_EQ(fixture.order(id).error, ErrorClass::no_quote);
  EXPECT_EQ(fixture.order(id).error_detail,
            "the best quote, 140 of raydium, is below the least output, 147.51");
  fixture.raydium.quoted_out = 160'000'000;
  fixture.run_for(Micros{6'000'000});
  const Order order = fixture.order(id);
  EXPECT_EQ(order.phase, Phase::confirmed);
  EXPECT_EQ(order.min_out.units, 158'400'000U) << "a better market tightens the limit";
  EXPECT_EQ(order.attempts_made, 2U);
}

TEST(Executor, AQuoteOfZeroIsNoQuote) {
  ExecutorFixture fixture;
  fixture.raydium.quoted_out = fixture.meteora.quoted_out = 0;
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  EXPECT_EQ(fixture.order(id).error, ErrorClass::no_quote);
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

// --- Expiry --------------------------------------------------------------------------------------

TEST(Executor, NothingIsBuiltWhenTheAppendComesAfterTheExpiry) {
  ExecutorFixture fixture;
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{100'000});
  fixture.log.write();
  fixture.log.sync();
  fixture.loop.restart();
  fixture.loop.poll();  // the transaction is in the log's queue
  fixture.clock.advance(Micros{100'000});
  fixture.run_for(Micros{1'000});
  EXPECT_EQ(fixture.types(id), "OrderAccepted OrderExpired");
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

TEST(Executor, NoRequestGoesOutAfterTheExpiry) {
  ExecutorFixture fixture;
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{100'000});
  fixture.log.write();
  fixture.log.sync();
  fixture.loop.restart();
  fixture.loop.poll();
  fixture.log.write();
  fixture.log.sync();  // the transaction is built in time; the engine notices later
  fixture.clock.advance(Micros{100'000});
  fixture.run_for(Micros{1'000});
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt AttemptFailed "
            "OrderExpired");
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

TEST(Executor, AnExpiryOnTheLastAttemptEndsAsExpired) {
  ExecutorFixture fixture;
  fixture.options.retry.attempts_max = 1;
  fixture.restart();
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{500'000});
  fixture.run_for(Micros{499'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::submitted);
  fixture.run_for(Micros{2'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired) << "on time, not with the next question";
  EXPECT_EQ(fixture.order(id).error, ErrorClass::attempt_cancelled);
}

TEST(Executor, OrdersThatWaitExpireOnTime) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_slippage};
  const OrderId retries = fixture.place(1, fixture.clock.now() + Micros{1'000'000});
  fixture.settle_now();
  fixture.options.concurrency = 0;
  fixture.restart();
  const OrderId ready = fixture.place(2, fixture.clock.now() + Micros{1'500'000});
  fixture.run_for(Micros{999'000});
  EXPECT_EQ(fixture.order(retries).phase, Phase::pending);
  fixture.run_for(Micros{2'000});
  EXPECT_EQ(fixture.order(retries).phase, Phase::expired);
  EXPECT_EQ(fixture.order(ready).phase, Phase::pending);
  fixture.run_for(Micros{500'000});
  EXPECT_EQ(fixture.order(ready).phase, Phase::expired);
}

TEST(Executor, TheFifthInterruptionFailsTheOrder) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 0;
  fixture.restart();
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  // Five starts of the engine; each ends while routing.
  for (int i = 0; i < 5; ++i) {
    fixture.append(id, RoutingStarted{1});
    fixture.settle_now();
  }
  fixture.options.concurrency = 10;
  fixture.restart();
  fixture.settle_now();
  const Order order = fixture.order(id);
  EXPECT_EQ(order.phase, Phase::failed) << fixture.types(id);
  EXPECT_EQ(order.error, ErrorClass::interrupted);
  EXPECT_EQ(order.attempts_made, 0U);
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

TEST(Executor, AnInterruptedRoutingIsStartedAgainDurably) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 0;
  fixture.restart();
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.append(id, RoutingStarted{1});
  fixture.settle_now();
  fixture.options.concurrency = 10;
  fixture.restart();
  fixture.loop.restart();
  fixture.loop.poll();
  EXPECT_EQ(fixture.raydium.quotes, 0) << "the interruption is counted before anything starts";
  EXPECT_EQ(fixture.settle_now(), 3);
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RoutingStarted RouteSelected TransactionBuilt "
            "TransactionSubmitted OrderConfirmed");
}

TEST(Executor, NeverExecutesMoreOrdersAtOnceThanItMay) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 3;
  fixture.restart();
  fixture.raydium.quote_delay = Micros{1'000'000};
  for (std::uint64_t n = 1; n <= 10; ++n) fixture.place(n);
  fixture.settle_now();
  EXPECT_EQ(fixture.executor->metrics().open, 10U);
  int routing = 0;
  for (std::uint64_t n = 1; n <= 10; ++n)
    routing += fixture.order(test::order_id(n)).phase == Phase::routing;
  EXPECT_EQ(routing, 3);
  fixture.run_for(Micros{10'000'000});
  for (std::uint64_t n = 1; n <= 10; ++n)
    EXPECT_EQ(fixture.order(test::order_id(n)).phase, Phase::confirmed);
}

TEST(Executor, HoldsOrdersWhenConcurrencyIsZero) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 0;
  fixture.restart();
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{5'000'000});
  EXPECT_EQ(fixture.types(id), "OrderAccepted");
}

}  // namespace
}  // namespace oee
