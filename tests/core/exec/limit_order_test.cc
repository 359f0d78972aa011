// The executor with limit orders, orders that trade once, fills in parts and amendments.
#include <gtest/gtest.h>

#include "tests/core/exec/limit_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::in_parts;
using test::LimitFixture;
using test::sol;

class LimitOrders : public testing::Test, protected LimitFixture {};

TEST_F(LimitOrders, AnOrderRestsOnceAndActsWhenItsPriceIsThere) {
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{30'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  EXPECT_GT(raydium.quotes, 5);
  EXPECT_LT(raydium.quotes, 20) << "it asks with a back-off";
  raydium.quoted_out = 151'000'000;
  run_for(Micros{7'000'000});
  EXPECT_EQ(types(id),
            "OrderAccepted OrderRested RoutingStarted RouteSelected TransactionBuilt "
            "TransactionSubmitted OrderConfirmed");
  EXPECT_EQ(sold(id), sol);
  EXPECT_EQ(order(id).min_out.units, 150'000'000U);
}

TEST_F(LimitOrders, AnOrderRestsFromItsRoutingWhenQuotesTakeTime) {
  raydium.quote_delay = Micros{100'000};
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{20'000'000});
  EXPECT_EQ(types(id), "OrderAccepted RoutingStarted OrderRested");
  raydium.quoted_out = 151'000'000;
  run_for(Micros{7'000'000});
  EXPECT_EQ(types(id),
            "OrderAccepted RoutingStarted OrderRested RoutingStarted RouteSelected "
            "TransactionBuilt TransactionSubmitted OrderConfirmed");
  EXPECT_EQ(order(id).attempt, 2U);
}

TEST_F(LimitOrders, AVenueWithoutAQuoteIsWaitedForAtRest) {
  raydium.quote_error = meteora.quote_error = Error{Errc::unavailable, "down"};
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{120'000'000});  // longer than a market order waits
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  raydium.quote_error.reset();
  raydium.quoted_out = 150'000'000;
  run_for(Micros{7'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

TEST_F(LimitOrders, AGoodTillTimeOrderExpiresAtRestAndOnTime) {
  const WallTime expiry = clock.now() + Micros{12'345'678};
  const OrderId id =
      place_limit(1, TimeInForce::gtt, [&](OrderAccepted& event) { event.expires_at = expiry; });
  run_for(Micros{12'345'677});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  run_for(Micros{2});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested OrderExpired");
}

TEST_F(LimitOrders, AMarketThatLeavesTheLimitSendsTheOrderBackToRest) {
  raydium.quoted_out = 151'000'000;
  raydium.script = {Act::refuse_slippage, Act::refuse_slippage, Act::refuse_slippage,
                    Act::refuse_slippage, Act::refuse_slippage};
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{9'000'000});
  EXPECT_EQ(order(id).attempts_made, 0U);
  EXPECT_GE(raydium.submits.size(), 4U) << "more than the budget of attempts";
  raydium.quoted_out = 149'000'000;
  run_for(Micros{9'000'000});
  EXPECT_EQ(order(id).phase, Phase::resting);
  raydium.quoted_out = 151'000'000;
  raydium.script.clear();
  run_for(Micros{9'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

// --- Orders that trade once ----------------------------------------------------------------------

TEST_F(LimitOrders, AnImmediateOrderFillsAPartAndItsRestIsCancelled) {
  raydium.part_in = 400'000'000;
  raydium.part_out = 60'400'000;
  const OrderId id = place_limit(1, TimeInForce::ioc, in_parts);
  run_for(Micros{60'000'000});
  EXPECT_EQ(types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
            "OrderPartiallyFilled OrderCancelled");
  EXPECT_EQ(sold(id), 400'000'000U);
  EXPECT_EQ(order(id).filled_in, 400'000'000U);
  EXPECT_EQ(to_text(order(id).executed_price), "151");
}

TEST_F(LimitOrders, AnImmediateOrderWithoutItsPriceIsCancelledAtOnce) {
  const OrderId id = place_limit(1, TimeInForce::ioc, in_parts);
  settle_now();
  EXPECT_EQ(types(id), "OrderAccepted OrderCancelled");
  const auto cancelled = std::get<OrderCancelled>(records_of(id).back().event);
  EXPECT_EQ(cancelled.why, "ioc: the best quote, 149 of raydium, is below the least output, 150");
  raydium.quote_delay = Micros{1'000};
  const OrderId slow = place_limit(2, TimeInForce::ioc, in_parts);
  run_for(Micros{10'000});
  EXPECT_EQ(types(slow), "OrderAccepted RoutingStarted OrderCancelled");
}

TEST_F(LimitOrders, AFillOrKillOrderFillsAllOrNothing) {
  raydium.part_in = 400'000'000;
  raydium.part_out = 60'400'000;
  const OrderId below = place_limit(1, TimeInForce::fok, in_parts);
  settle_now();
  EXPECT_EQ(types(below), "OrderAccepted OrderCancelled");
  raydium.quoted_out = 150'000'000;
  const OrderId whole = place_limit(2, TimeInForce::fok);
  settle_now();
  EXPECT_EQ(order(whole).phase, Phase::confirmed);
  raydium.script = {Act::refuse_slippage};
  const OrderId refused = place_limit(3, TimeInForce::fok);
  run_for(Micros{60'000'000});
  EXPECT_EQ(types(refused),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt AttemptFailed "
            "OrderCancelled");
  EXPECT_EQ(raydium.submits.size(), 2U);
}

// --- Parts ---------------------------------------------------------------------------------------

TEST_F(LimitOrders, PartsAddUpToTheWholeOrder) {
  const OrderId id = place_limit(1, TimeInForce::gtc, in_parts);
  settle_now();
  for (const Units part : {600'000'000, 389'999'999, 1}) {
    raydium.part_in = part;  // of one unit: below the least part
    raydium.part_out = part / 1'000 * 151 + 1;
    run_for(Micros{7'000'000});
  }
  EXPECT_EQ(sold(id), 989'999'999U);
  EXPECT_EQ(order(id).remaining(), 10'000'001U);
  EXPECT_EQ(order(id).phase, Phase::resting);
  raydium.part_in = 0;
  raydium.quoted_out = 152'000'000;
  run_for(Micros{7'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_EQ(sold(id), sol);
  EXPECT_EQ(order(id).filled_in, sol);
  Units out = 0;
  for (const auto& [venue_id, report] : raydium.ledger) out += report.amount_out;
  EXPECT_EQ(order(id).amount_out.units, out);
  EXPECT_EQ(raydium.settlements.size(), 3U);
}

TEST_F(LimitOrders, APartThatPaysGoesBeforeALargerAmountThatDoesNot) {
  meteora.part_in = 600'000'000;
  meteora.part_out = 90'600'000;
  const OrderId id = place_limit(1, TimeInForce::gtc, in_parts);
  settle_now();
  EXPECT_EQ(order(id).filled_in, 600'000'000U);
  const auto route = std::get<RouteSelected>(records_of(id)[2].event);
  EXPECT_EQ(route.quotes[route.chosen].venue, VenueName("meteora"));
  EXPECT_EQ(route.quotes[0].lost_because, "amount out 149 is below the least output 150");
}

TEST_F(LimitOrders, AQuoteOfAPartThatWasNotAskedForIsNone) {
  raydium.part_always = true;
  raydium.part_in = 500'000'000;
  raydium.part_out = 90'000'000;
  const OrderId id = place_limit(1, TimeInForce::gtc);
  settle_now();
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  raydium.part_in = 9'999'999;  // below one percent
  raydium.part_out = 9'000'000;
  const OrderId crumb = place_limit(2, TimeInForce::gtc, in_parts);
  settle_now();
  EXPECT_EQ(types(crumb), "OrderAccepted OrderRested");
  EXPECT_TRUE(raydium.submits.empty());
}

// --- Amendments ----------------------------------------------------------------------------------

TEST_F(LimitOrders, AnAmendmentAtRestActsAtOnce) {
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{60'000'000});
  const int asked = raydium.quotes;
  amend(id, [](Amendment& terms) {
    terms.limit_price = Decimal{149, 0};
    terms.amount_in = Decimal{2 * sol, 9};
  });
  settle_now();
  EXPECT_EQ(raydium.quotes, asked + 1);
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_EQ(sold(id), 2 * sol);
}

TEST_F(LimitOrders, AnAmendmentMovesTheExpiry) {
  const WallTime expiry = clock.now() + Micros{10'000'000};
  const auto expires = [&](OrderAccepted& event) { event.expires_at = expiry; };
  const OrderId later = place_limit(1, TimeInForce::gtt, expires);
  const OrderId sooner = place_limit(2, TimeInForce::gtt, expires);
  const OrderId never = place_limit(3, TimeInForce::gtc, expires);
  settle_now();
  amend(later, [&](Amendment& terms) { terms.expires_at = expiry + Micros{5'000'000}; });
  amend(sooner, [&](Amendment& terms) { terms.expires_at = expiry - Micros{5'000'000}; });
  amend(never, [&](Amendment& terms) { terms.expires_never = true; });
  run_for(Micros{5'100'000});
  EXPECT_EQ(order(sooner).phase, Phase::expired);
  run_for(Micros{7'000'000});
  EXPECT_EQ(order(later).phase, Phase::resting);
  run_for(Micros{3'000'000});
  EXPECT_EQ(order(later).phase, Phase::expired);
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(never).phase, Phase::resting);
}

// Quotes for the old terms are under way: they decide nothing.
TEST_F(LimitOrders, AnAmendmentWhileQuotesAreAskedForIsDecidedAnew) {
  raydium.quoted_out = 151'000'000;
  raydium.quote_delay = Micros{100'000};
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{50'000});
  EXPECT_EQ(types(id), "OrderAccepted RoutingStarted");
  amend(id, [](Amendment& terms) { terms.amount_in = Decimal{sol / 2, 9}; });
  run_for(Micros{400'000});
  EXPECT_EQ(types(id),
            "OrderAccepted RoutingStarted OrderAmended RoutingStarted RouteSelected "
            "TransactionBuilt TransactionSubmitted OrderConfirmed");
  EXPECT_EQ(sold(id), sol / 2);
}

TEST_F(LimitOrders, AnAmendmentWhileARestingOrderAsksForQuotesIsDecidedAnew) {
  raydium.quote_delay = Micros{100'000};
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{20'000'000});
  const int asked = raydium.quotes;
  while (raydium.quotes == asked) run_for(Micros{10'000});  // it asks
  raydium.quoted_out = 151'000'000;
  amend(id, [](Amendment& terms) { terms.limit_price = Decimal{152, 0}; });
  run_for(Micros{20'000'000});
  EXPECT_EQ(order(id).phase, Phase::resting);
  EXPECT_EQ(sold(id), 0U);
}

// An amendment comes at every moment of an order's life until its attempt is live.
TEST_F(LimitOrders, AnAmendmentAtAnyMomentSellsTheNewAmountOnce) {
  raydium.quote_delay = Micros{100'000};
  raydium.quoted_out = 151'000'000;
  int amended = 0;
  for (std::uint64_t at = 0; at < 300'000; at += 20'000) {
    const OrderId id = place_limit(1 + at, TimeInForce::gtc);
    run_for(Micros{static_cast<std::int64_t>(at)});
    const bool changed = amend(id, [](Amendment& terms) { terms.amount_in = Decimal{sol / 4, 9}; });
    run_for(Micros{5'000'000});
    ASSERT_EQ(order(id).phase, Phase::confirmed) << at;
    ASSERT_EQ(sold(id), changed ? sol / 4 : sol) << at;
    amended += changed;
  }
  EXPECT_GT(amended, 4);
  EXPECT_LT(amended, 12);
}

// --- Restarts ------------------------------------------------------------------------------------

TEST_F(LimitOrders, ARestartAtAnyStepSellsTheWholeOrderOnce) {
  for (std::uint64_t steps = 0; steps < 25; ++steps) {
    raydium.part_in = 0;
    raydium.quoted_out = 149'000'000;
    raydium.quote_delay = Micros{30'000};
    raydium.submit_delay = Micros{30'000};
    const OrderId id = place_limit(1 + steps, TimeInForce::gtc, in_parts);
    for (std::uint64_t step = 0; step < steps; ++step) {
      if (step == 6) {
        raydium.part_in = 400'000'000;
        raydium.part_out = 60'400'000;
      }
      if (step == 14) raydium.quoted_out = 151'000'000;
      settle_now();
      clock.fire_next();
    }
    restart();
    raydium.part_in = 0;
    raydium.quoted_out = 151'000'000;
    run_for(Micros{60'000'000});
    ASSERT_EQ(order(id).phase, Phase::confirmed) << steps << types(id);
    ASSERT_EQ(sold(id), sol) << steps;
    for (const auto& [venue_id, count] : raydium.settlements) ASSERT_EQ(count, 1) << steps;
  }
}

// No venue publishes prices here: the venues are asked, and the first time is counted.
TEST_F(LimitOrders, ARestingOrderWithoutPricesIsAskedForAfterARestart) {
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{10'000'000});
  restart();
  run_for(Micros{10'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested RoutingStarted OrderRested");
  raydium.quoted_out = 151'000'000;
  run_for(Micros{7'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

}  // namespace
}  // namespace oee
