// The executor with orders of an exact output: the scripted venues take 1 SOL for 149 and 148 USDC.
#include <gtest/gtest.h>

#include "tests/core/exec/limit_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::LimitFixture;
using test::sol;

class ExactOutput : public testing::Test, protected LimitFixture {
 protected:
  // A market order of 149 USDC for at most `most`, with 1 % slippage.
  OrderId place_exact(std::uint64_t n, Units most,
                      const std::function<void(OrderAccepted&)>& change = {}) {
    return place_limit(n, TimeInForce::by_type, [&](OrderAccepted& event) {
      event.type = OrderType::market;
      event.limit_price.reset();
      event.slippage_bps = 100;
      event.amount_in = Decimal{most, 9};
      event.exact_out = 149'000'000;
      if (change) change(event);
    });
  }
  OrderId place_exact_limit(std::uint64_t n, Decimal price) {
    return place_exact(n, 2 * sol, [&](OrderAccepted& event) {
      event.type = OrderType::limit;
      event.time_in_force = TimeInForce::gtc;
      event.limit_price = price;
      event.slippage_bps = 10'000;
    });
  }
  TransactionBuilt built(const OrderId& id) {
    TransactionBuilt last;
    for (const Record& record : records_of(id))
      if (const auto* event = std::get_if<TransactionBuilt>(&record.event)) last = *event;
    return last;
  }
  OrderConfirmed confirmed(const OrderId& id) {
    return std::get<OrderConfirmed>(records_of(id).back().event);
  }
};

TEST_F(ExactOutput, TheVenueWithTheLeastInputTradesAndTheOrderTakesWhatItNeeds) {
  const OrderId id = place_exact(1, 2 * sol);
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(built(id).venue, VenueName("raydium"));
  EXPECT_EQ(built(id).amount_in.units, sol + sol / 100);
  EXPECT_EQ(built(id).min_out.units, 149'000'000U);
  EXPECT_EQ(confirmed(id).amount_in.units, sol);
  EXPECT_EQ(confirmed(id).amount_out.units, 149'000'000U);
  const auto route = std::get<RouteSelected>(records_of(id)[2].event);
  EXPECT_EQ(route.quotes[1].lost_because, "amount in 1.006756757 is 67 bps more than raydium's 1");
}

TEST_F(ExactOutput, ItWaitsForAQuoteWithinItsMostInputAndLosesNoAttempt) {
  const OrderId id = place_exact(1, sol - 1);
  run_for(Micros{10'000'000});
  EXPECT_EQ(types(id), "OrderAccepted RoutingStarted AttemptFailed");
  const auto failed = std::get<AttemptFailed>(records_of(id).back().event);
  EXPECT_EQ(failed.error, ErrorClass::no_quote);
  EXPECT_EQ(failed.detail, "the best quote, 1 to raydium, is above the most input, 0.999999999");
  EXPECT_EQ(order(id).attempts_made, 0U);
  raydium.quoted_out = 150'000'000;
  run_for(Micros{7'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_EQ(built(id).amount_in.units, sol - 1) << "the quote plus slippage would be more";
}

TEST_F(ExactOutput, ItExpiresAtTheDeadlineWithoutAQuote) {
  const OrderId id = place_exact(1, sol - 1);
  run_for(Micros{61'000'000});
  EXPECT_EQ(order(id).phase, Phase::expired);
}

TEST_F(ExactOutput, ALaterAttemptTakesNoMoreThanTheFirstQuoteAllows) {
  raydium.script = {Act::refuse_slippage};
  meteora.quote_error = Error{Errc::unavailable, "down"};
  const OrderId id = place_exact(1, 2 * sol);
  settle_now();
  raydium.quoted_out = 148'000'000;
  run_for(Micros{3'000'000});
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(order(id).attempt, 2U);
  EXPECT_EQ(built(id).amount_in.units, sol + sol / 100);
  EXPECT_EQ(confirmed(id).amount_in.units, 1'006'756'757U);
  EXPECT_EQ(confirmed(id).slippage_realised_bps, 67);
}

TEST_F(ExactOutput, AVenueThatWouldTakeMoreRefuses) {
  raydium.submit_delay = Micros{1'000};
  const OrderId id = place_exact(1, 2 * sol);
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::building);
  raydium.quoted_out = meteora.quoted_out = 140'000'000;
  run_for(Micros{2'000});
  const auto failed = std::get<AttemptFailed>(records_of(id).back().event);
  EXPECT_EQ(failed.error, ErrorClass::slippage_exceeded);
}

TEST_F(ExactOutput, ALimitOrderRestsUntilItsPriceAndTakesNoMoreThanIt) {
  const OrderId id = place_exact_limit(1, Decimal{150, 0});
  settle_now();
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  raydium.quoted_out = 151'000'000;
  run_for(Micros{7'000'000});
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(built(id).amount_in.units, 993'333'333U) << "149 / 150, rounded down";
  EXPECT_EQ(confirmed(id).amount_in.units, 986'754'967U);
}

// Its most input asks for 149 USDC per SOL, more than its limit.
TEST_F(ExactOutput, ALimitOrderRestsUntilItsMostInputSuffices) {
  raydium.quoted_out = meteora.quoted_out = 140'000'000;
  move_price(raydium, 140'500);
  move_price(meteora, 140'500);
  const OrderId id = place_exact(1, sol, [](OrderAccepted& event) {
    event.type = OrderType::limit;
    event.time_in_force = TimeInForce::gtc;
    event.limit_price = Decimal{100, 0};
    event.slippage_bps = 10'000;
  });
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  const int quotes = raydium.quotes;
  move_price(raydium, 148'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(raydium.quotes, quotes) << "that price cannot suffice";
  raydium.quoted_out = 149'000'000;
  move_price(raydium, 149'500);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

TEST_F(ExactOutput, AnImmediateOrderWithoutItsInputIsCancelled) {
  const OrderId id =
      place_exact(1, sol - 1, [](OrderAccepted& event) { event.time_in_force = TimeInForce::ioc; });
  settle_now();
  EXPECT_EQ(types(id), "OrderAccepted OrderCancelled");
}

TEST_F(ExactOutput, AStartSubmitsTheSameExactOutputAgain) {
  raydium.script = {Act::lose_request};
  const OrderId id = place_exact(1, 2 * sol);
  settle_now();
  kill();
  run_for(Micros{20'000'000});
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  const VenueOrder sent = raydium.settled.at(venue_order_id_of(id, 1));
  EXPECT_TRUE(sent.exact_output);
  EXPECT_EQ(confirmed(id).amount_in.units, sol);
}

// The spot price is above the limit all the time.
TEST_F(ExactOutput, ALimitOrderForMoreThanThePoolsHaveAsksAtChangesOnly) {
  move_price(raydium, 152'000);
  move_price(meteora, 152'000);
  const Error too_little{Errc::full, "the pool cannot give so much of the output"};
  raydium.quote_error = meteora.quote_error = too_little;
  const OrderId id = place_exact_limit(1, Decimal{100, 0});
  run_for(Micros{25'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  EXPECT_LE(raydium.quotes, 2);
  raydium.quote_error.reset();
  move_price(raydium, 153'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

}  // namespace
}  // namespace oee
