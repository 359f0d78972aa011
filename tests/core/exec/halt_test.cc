// The executor while trading is halted.
#include <gtest/gtest.h>

#include "core/exec/executor.h"
#include "tests/core/exec/limit_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::ExecutorFixture;
using test::LimitFixture;

// An order that was accepted and not executed, in an engine that may execute now.
OrderId place_before_a_halt(ExecutorFixture& fixture, std::uint64_t n = 1,
                            std::optional<WallTime> expires_at = std::nullopt) {
  fixture.options.concurrency = 0;
  fixture.restart();
  const OrderId id = fixture.place(n, expires_at);
  fixture.settle_now();
  return id;
}
void execute(ExecutorFixture& fixture) {
  fixture.options.concurrency = 10;
  fixture.restart();
}

TEST(ExecutorHalt, AnOrderWaitsWithoutPollingUntilTradingResumes) {
  ExecutorFixture fixture;
  const OrderId id = place_before_a_halt(fixture);
  const Seq halt = fixture.halt();
  execute(fixture);
  fixture.run_for(Micros{3'600'000'000});
  EXPECT_EQ(fixture.types(id), "OrderAccepted");
  EXPECT_EQ(fixture.raydium.quotes, 0);
  EXPECT_EQ(fixture.executor->metrics().executing, 0U);
  EXPECT_EQ(fixture.executor->metrics().waiting, 1U) << "it does not count as work under way";
  EXPECT_EQ(fixture.executor->metrics().halts, 1U);
  fixture.resume(halt);
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.executor->metrics().waiting, 0U);
  EXPECT_EQ(fixture.executor->metrics().halts, 0U);
}

TEST(ExecutorHalt, AHaltDuringTheQuotesPreventsTheTransaction) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{200'000};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  const Seq halt = fixture.halt();
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.types(id), "OrderAccepted RoutingStarted");
  EXPECT_TRUE(fixture.raydium.submits.empty());
  fixture.resume(halt);
  fixture.run_for(Micros{300'000});
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
            "OrderConfirmed")
      << "the attempt goes on; a halt is no interruption";
}

// The last start that may execute it counts it before it asks for quotes.
TEST(ExecutorHalt, AHaltDoesNotFailAnOrderThatStartsInterrupted) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{200'000};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  while (fixture.order(id).interruptions + 1 < interruptions_max) {
    fixture.kill();
    fixture.settle_now();
  }
  const Version before = fixture.order(id).version;
  const Seq halt = fixture.halt();
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::routing) << fixture.types(id);
  fixture.resume(halt);
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed) << fixture.types(id);
  EXPECT_EQ(fixture.order(id).version, before + 4) << "it is not counted again";
}

TEST(ExecutorHalt, HaltsDoNotCountAnOrderThatIsExecutedAlone) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{200'000};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.kill();
  fixture.settle_now();
  fixture.kill();
  fixture.settle_now();
  const std::uint32_t interruptions = fixture.order(id).interruptions;
  ASSERT_GE(interruptions, 1U) << "it is executed alone";
  for (std::uint32_t i = 0; i < interruptions_max; ++i) {
    const Seq halt = fixture.halt();
    fixture.run_for(Micros{1'000'000});
    fixture.resume(halt);
  }
  EXPECT_EQ(fixture.order(id).interruptions, interruptions) << fixture.types(id);
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed) << fixture.types(id);
}

TEST(ExecutorHalt, OnlyTheOrdersOfTheScopeWait) {
  ExecutorFixture fixture;
  const OrderId id = place_before_a_halt(fixture);
  const Seq another = fixture.halt(HaltScope::account, "another");
  const Seq halt = fixture.halt(HaltScope::token, "USDC");
  execute(fixture);
  fixture.settle_now();
  EXPECT_EQ(fixture.types(id), "OrderAccepted");
  fixture.resume(halt);
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_NE(fixture.executor->halts().find(another), nullptr);
}

TEST(ExecutorHalt, AHaltedVenueIsLeftOutOfTheRoute) {
  ExecutorFixture fixture;
  fixture.halt(HaltScope::venue, "raydium");
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.order(id).venue, "meteora");
  EXPECT_EQ(fixture.raydium.quotes, 0);
}

TEST(ExecutorHalt, AHeldOrderExpiresOnTimeAndCanBeCancelled) {
  ExecutorFixture fixture;
  const OrderId expires = place_before_a_halt(fixture, 1, fixture.clock.now() + Micros{2'000'000});
  const OrderId cancelled = fixture.place(2);
  fixture.settle_now();
  const Seq halt = fixture.halt();
  execute(fixture);
  fixture.settle_now();
  fixture.append(cancelled, OrderCancelled{"me", "changed my mind"});
  fixture.run_for(Micros{2'100'000});
  EXPECT_EQ(fixture.order(expires).phase, Phase::expired);
  EXPECT_EQ(fixture.order(cancelled).phase, Phase::cancelled);
  EXPECT_EQ(fixture.executor->metrics().open, 0U);
  fixture.resume(halt);
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

TEST(ExecutorHalt, AHeldOrderThatEndsWaitsNoLonger) {
  ExecutorFixture fixture;
  for (std::uint64_t n = 1; n <= 4; ++n)
    place_before_a_halt(fixture, n, fixture.clock.now() + Micros{2'000'000});
  const OrderId cancelled = fixture.place(5);
  const OrderId stays = fixture.place(6);
  fixture.settle_now();
  fixture.halt();
  execute(fixture);
  fixture.settle_now();
  EXPECT_EQ(fixture.executor->metrics().waiting, 6U);
  fixture.append(cancelled, OrderCancelled{"me", "changed my mind"});
  fixture.settle_now();
  EXPECT_EQ(fixture.executor->metrics().waiting, 5U);
  fixture.run_for(Micros{2'100'000});
  EXPECT_TRUE(fixture.order(stays).open());
  EXPECT_EQ(fixture.executor->metrics().open, 1U);
  EXPECT_EQ(fixture.executor->metrics().waiting, 1U) << "admission subtracts it from the open ones";
}

TEST(ExecutorHalt, ALiveAttemptIsStillAskedFor) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.halt();
  fixture.run_for(Micros{2'500'000});
  EXPECT_EQ(fixture.raydium.finds.size(), 2U);
  fixture.raydium.land(venue_order_id_of(id, 1), false);
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

TEST(ExecutorHalt, AnAttemptThatTheVenueDoesNotKnowIsSentAfterTheHalt) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_request};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  const Seq halt = fixture.halt();
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.raydium.submits.size(), 1U) << "nothing is sent while halted";
  EXPECT_GE(fixture.raydium.finds.size(), 5U);
  EXPECT_LE(fixture.raydium.finds.size(), 20U);
  fixture.resume(halt);
  fixture.run_for(Micros{5'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.raydium.submits.size(), 2U);
}

// A start finds the attempt, counts it and asks for it; the answer ends the count.
TEST(ExecutorHalt, StartsDuringAHaltDoNotLeaveAnUnsentAttemptAlone) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_request};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  const Seq halt = fixture.halt();
  for (std::uint32_t start = 0; start <= interruptions_max; ++start) {
    fixture.run_for(Micros{10'000'000});
    fixture.kill();
  }
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
  fixture.resume(halt);
  fixture.run_for(Micros{5'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

// --- Orders at rest ------------------------------------------------------------------------------

constexpr Micros a_while{1'000};

// The spot price of SOL at the venue, in whole USDC; a quote for 1 SOL is the same.
void move(test::ScriptedVenue& venue, Units usdc) {
  venue.quoted_out = usdc * 1'000'000;
  venue.move_price({"SOL", 9}, {"USDC", 6}, SpotPrice{.out = usdc * 1'000'000, .in = test::sol});
}

// An order that rests: both venues have prices below its limit.
OrderId rest(LimitFixture& fixture) {
  move(fixture.raydium, 149);
  move(fixture.meteora, 148);
  fixture.run_for(a_while);
  const OrderId id = fixture.place_limit(1, TimeInForce::gtc);
  fixture.run_for(a_while);
  EXPECT_EQ(fixture.types(id), "OrderAccepted OrderRested");
  return id;
}

TEST(ExecutorHalt, AnOrderWhosePriceComesMeanwhileStaysAtRestAndActsWhenTradingResumes) {
  LimitFixture fixture;
  const OrderId id = rest(fixture);
  const int quotes = fixture.raydium.quotes;
  const Seq halt = fixture.halt();
  for (const Units price : {151, 150, 152}) {
    move(fixture.raydium, price);
    fixture.run_for(Micros{600'000'000});
  }
  EXPECT_EQ(fixture.types(id), "OrderAccepted OrderRested");
  EXPECT_EQ(fixture.raydium.quotes, quotes);
  EXPECT_EQ(fixture.executor->metrics().executing, 0U);
  fixture.resume(halt);
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.order(id).attempt, 1U);
}

TEST(ExecutorHalt, AnOrderWhosePriceCameAndWentRestsOn) {
  LimitFixture fixture;
  const OrderId id = rest(fixture);
  const Seq halt = fixture.halt();
  move(fixture.raydium, 151);
  fixture.run_for(a_while);
  move(fixture.raydium, 149);
  fixture.run_for(a_while);
  fixture.resume(halt);
  EXPECT_EQ(fixture.types(id), "OrderAccepted OrderRested");
  move(fixture.raydium, 151);
  fixture.run_for(a_while);
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

TEST(ExecutorHalt, AnOrderAtRestIsAmendedAndCancelledWhileHalted) {
  LimitFixture fixture;
  const OrderId id = rest(fixture);
  const OrderId other = fixture.place_limit(2, TimeInForce::gtc);
  fixture.run_for(a_while);
  const Seq halt = fixture.halt();
  EXPECT_TRUE(fixture.amend(id, [](Amendment& terms) { terms.limit_price = Decimal{149, 0}; }));
  EXPECT_EQ(fixture.cancel(other), EventType::order_cancelled);
  fixture.run_for(Micros{60'000'000});
  EXPECT_EQ(fixture.types(id), "OrderAccepted OrderRested OrderAmended");
  EXPECT_EQ(fixture.order(other).phase, Phase::cancelled);
  fixture.resume(halt);
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

TEST(ExecutorHalt, APriceOfAHaltedVenueWakesNoOrderUntilTradingResumesThere) {
  LimitFixture fixture;
  const OrderId id = rest(fixture);
  const Seq halt = fixture.halt(HaltScope::venue, "raydium");
  const int quotes = fixture.meteora.quotes;
  move(fixture.raydium, 151);
  fixture.run_for(Micros{60'000'000});
  EXPECT_EQ(fixture.meteora.quotes, quotes);
  fixture.resume(halt);
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.order(id).venue, "raydium");
}

TEST(ExecutorHalt, TheHighPriceOfAHaltedVenueHidesNoOther) {
  LimitFixture fixture;
  const OrderId id = rest(fixture);
  fixture.halt(HaltScope::venue, "raydium");
  move(fixture.raydium, 180);
  EXPECT_TRUE(fixture.amend(id, [](Amendment& terms) { terms.slippage_bps = 9'000; }));
  fixture.run_for(a_while);  // it is quoted at meteora and rests again
  EXPECT_EQ(fixture.order(id).phase, Phase::resting);
  move(fixture.meteora, 151);
  fixture.run_for(a_while);
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.order(id).venue, "meteora");
}

}  // namespace
}  // namespace oee
