// Starts after kills: interrupted orders run one at a time, and an attempt that ends the process
// each time is left alone.
#include <gtest/gtest.h>

#include "tests/core/exec/executor_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::ExecutorFixture;

TEST(Restart, FiveKillsInARowBlameNoOrderThatWasRouted) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{200'000};
  for (std::uint64_t n = 1; n <= 1'000; ++n) fixture.place(n);
  for (int i = 0; i < 5; ++i) {
    fixture.run_for(Micros{100'000});
    fixture.kill();
  }
  fixture.run_for(Micros{100'000});
  std::uint32_t most = 0;
  for (std::uint64_t n = 1; n <= 1'000; ++n)
    most = std::max(most, fixture.order(test::order_id(n)).interruptions);
  EXPECT_EQ(most, 2U) << "counted once with the others and once alone";
  const OrderId fresh = fixture.place(1'001);
  fixture.run_for(Micros{500'000});
  EXPECT_EQ(fixture.order(fresh).phase, Phase::confirmed) << "beside those that run alone";
  fixture.run_for(Micros{300'000'000});
  for (std::uint64_t n = 1; n <= 1'000; ++n)
    EXPECT_EQ(fixture.order(test::order_id(n)).phase, Phase::confirmed) << n;
}

TEST(Restart, OnlyTheOrderThatCrashesTheEngineBecomesADeadLetter) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{100'000};
  for (std::uint64_t n = 1; n <= 20; ++n) fixture.place(n);
  const OrderId poison = fixture.place(21, std::nullopt, Decimal{666, 9});
  fixture.raydium.on_quote = [&](const QuoteRequest& request) {
    if (request.amount_in == 666) fixture.seen_log.cut = true;
  };
  fixture.settle_now();
  int crashes = 0;
  for (; fixture.seen_log.cut; ++crashes) {
    ASSERT_LT(crashes, 10);
    fixture.kill();
    fixture.run_for(Micros{10'000'000});
  }
  EXPECT_EQ(crashes, 6) << "five of them are counted";
  EXPECT_EQ(fixture.order(poison).error, ErrorClass::interrupted);
  EXPECT_EQ(fixture.order(poison).phase, Phase::failed);
  for (std::uint64_t n = 1; n <= 20; ++n)
    EXPECT_EQ(fixture.order(test::order_id(n)).phase, Phase::confirmed) << n;
}

TEST(Restart, AnOrderThatRunsAloneAndIsCancelledLetsTheNextRun) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{200'000};
  const OrderId first = fixture.place(1);
  const OrderId second = fixture.place(2);
  for (int i = 0; i < 2; ++i) {
    fixture.settle_now();
    fixture.kill();
  }
  fixture.append(first, OrderCancelled{"default", "asked"});
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(fixture.order(first).phase, Phase::cancelled);
  EXPECT_EQ(fixture.order(second).phase, Phase::confirmed);
}

int counted_interruptions(ExecutorFixture& fixture, const OrderId& id) {
  int counted = 0;
  for (const Record& record : fixture.records_of(id)) {
    const auto* unknown = std::get_if<OutcomeUnknown>(&record.event);
    counted += unknown != nullptr && unknown->interrupted;
  }
  return counted;
}

TEST(Restart, AUsualRestartAddsNoRecordToALiveAttempt) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{2'500'000});
  for (int i = 0; i < 10; ++i) fixture.kill();
  fixture.settle_now();
  fixture.raydium.land(venue_order_id_of(id, 1));
  fixture.settle_now();
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
            "OrderConfirmed");
}

TEST(Restart, AnAnswerEndsTheCountOfInterruptions) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  for (int i = 0; i < 20; ++i) {
    fixture.run_for(Micros{6'000'000});
    fixture.raydium.find_error =
        i % 2 == 0 ? std::optional(Error{Errc::unavailable, "away"}) : std::nullopt;
    fixture.kill();
  }
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(counted_interruptions(fixture, id), 20);
  EXPECT_EQ(fixture.order(id).interrupted_asks, 0U);
  fixture.raydium.land(venue_order_id_of(id, 1), false);
  fixture.run_for(Micros{2'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

// The answers of the venue about one attempt end the process each time.
TEST(Restart, AnAttemptWhoseAnswerCrashesTheEngineIsLeftAlone) {
  ExecutorFixture fixture;
  fixture.raydium.script.assign(11, Act::accept_first);
  for (std::uint64_t n = 1; n <= 10; ++n) fixture.place(n);
  const OrderId poison = fixture.place(11, fixture.clock.now() + Micros{3'600'000'000});
  fixture.settle_now();
  const VenueOrderId at_venue = venue_order_id_of(poison, 1);
  fixture.raydium.on_find = [&](const VenueOrderRef& ref) {
    if (ref.id == at_venue) fixture.seen_log.cut = true;
  };
  fixture.run_for(Micros{6'000'000});
  int crashes = 0;
  for (; fixture.seen_log.cut; ++crashes) {
    ASSERT_LT(crashes, 20);
    fixture.kill();
    fixture.run_for(Micros{2'000'000});
  }
  EXPECT_EQ(crashes, 6) << "five are counted, and the sixth start does not ask";
  EXPECT_EQ(counted_interruptions(fixture, poison), 5);
  for (std::uint64_t n = 1; n <= 10; ++n) {
    EXPECT_EQ(fixture.order(test::order_id(n)).interrupted_asks, 0U) << n;
    // At most once in 5 s, of 20 s.
    EXPECT_LE(counted_interruptions(fixture, test::order_id(n)), 4) << n;
    fixture.raydium.land(venue_order_id_of(test::order_id(n), 1), n % 2 == 0);
  }
  const int asked = static_cast<int>(fixture.raydium.finds.size());
  fixture.run_for(Micros{2'000'000});
  EXPECT_GT(static_cast<int>(fixture.raydium.finds.size()), asked);
  for (std::uint64_t n = 1; n <= 10; ++n)
    EXPECT_EQ(fixture.order(test::order_id(n)).phase, Phase::confirmed) << n;
  // Nothing else ends it, not even its expiry: its money may be in flight.
  fixture.run_for(Micros{4'000'000'000});
  EXPECT_FALSE(fixture.seen_log.cut);
  EXPECT_EQ(fixture.order(poison).phase, Phase::submitted);
  EXPECT_EQ(fixture.executor->metrics().unknown, 1U);
}

TEST(Restart, AnInterruptedAttemptThatTheVenueDoesNotFindIsSubmittedAgain) {
  ExecutorFixture fixture;
  fixture.raydium.submit_error = Error{Errc::unavailable, "away"};
  fixture.raydium.find_error = Error{Errc::unavailable, "away"};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.raydium.on_find = [&](const VenueOrderRef&) { fixture.seen_log.cut = true; };
  fixture.run_for(Micros{6'000'000});
  for (int i = 0; i < 3; ++i) {
    fixture.kill();
    fixture.run_for(Micros{6'000'000});
  }
  EXPECT_EQ(fixture.order(id).interrupted_asks, 3U);
  fixture.raydium.on_find = nullptr;
  fixture.raydium.find_error.reset();
  fixture.raydium.submit_error.reset();
  fixture.kill();
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.raydium.settlements[venue_order_id_of(id, 1)], 1);
}

}  // namespace
}  // namespace oee
