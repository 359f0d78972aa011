// The slices of a twap order as a function of time, and decide() of such an order.
#include "core/order/slices.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/order/decide.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using test::make_record;

OrderAccepted twap_event(Units amount, std::uint32_t count, Micros interval,
                         std::uint8_t randomize = 0) {
  OrderAccepted event = test::accepted_event();
  event.type = OrderType::twap;
  event.time_in_force = TimeInForce::gtc;
  event.allow_partial = true;
  event.amount_in = Decimal{amount, 9};
  event.type_terms.slices = SliceTerms{count, interval, randomize};
  return event;
}

Order twap_order(Units amount, std::uint32_t count, Micros interval, std::uint8_t randomize = 0,
                 std::uint64_t n = 7) {
  Order order;
  order.id = test::order_id(n);
  Record record = make_record(order, twap_event(amount, count, interval, randomize));
  record.order_id = order.id;
  check(evolve(order, record).ok(), "twap_order");
  return order;
}

void add(Order& order, Event event) {
  const auto done = evolve(order, make_record(order, std::move(event)));
  ASSERT_TRUE(done.ok()) << done.error().detail;
}

VenueQuote quote_of(std::optional<Units> amount_in, Units out) {
  VenueQuote quote;
  quote.venue = "raydium";
  quote.amount_out = Decimal{out, 6};
  if (amount_in) quote.amount_in = Decimal{*amount_in, 9};
  return quote;
}

// An attempt for this part of the order (empty: what remains), live at the venue.
void build(Order& order, std::optional<Units> amount_in, Units out) {
  const Attempt attempt = attempt_to_start(order);
  add(order, RoutingStarted{attempt});
  RouteSelected route;
  route.attempt = attempt;
  route.quotes.push_back(quote_of(amount_in, out));
  add(order, route);
  add(order, build_transaction(order, attempt, route.quotes[0], 1'000));
}

// --- The amount due ------------------------------------------------------------------------------

TEST(Slices, AreDueAtTheirTimesAndTheLastOneHasTheRemainder) {
  const Order order = twap_order(10, 3, Micros{1'000'000});
  const WallTime first = order.accepted_at;
  EXPECT_EQ(amount_due(order, first - Micros{1}), 0U);
  EXPECT_EQ(amount_due(order, first), 3U);
  EXPECT_EQ(amount_due(order, first + Micros{999'999}), 3U);
  EXPECT_EQ(amount_due(order, first + Micros{1'000'000}), 6U);
  EXPECT_EQ(amount_due(order, first + Micros{2'000'000}), 10U);
  EXPECT_EQ(amount_due(order, first + Micros{2'000'000'000'000}), 10U);
  EXPECT_EQ(more_due_at(order, first - Micros{1}), first);
  EXPECT_EQ(more_due_at(order, first), first + Micros{1'000'000});
  EXPECT_EQ(more_due_at(order, first + Micros{2'000'000}), std::nullopt);
}

TEST(Slices, WithoutUnitsAreSkipped) {
  Order order = twap_order(2, 5, Micros{1'000'000});
  const auto after = [&](int seconds) { return order.accepted_at + Micros{seconds * 1'000'000}; };
  EXPECT_EQ(amount_due(order, after(1)), 0U);
  EXPECT_EQ(more_due_at(order, after(0)), after(2));
  EXPECT_EQ(amount_due(order, after(2)), 1U);
  EXPECT_EQ(more_due_at(order, after(2)), after(4));
  order.filled_in = 1;
  EXPECT_EQ(amount_due(order, after(3)), 0U);
  EXPECT_EQ(due_at(order, 1), after(4));
}

TEST(Slices, OfAnotherOrderAreAllOfItAtOnce) {
  Order order = test::order_at(Phase::pending);
  order.filled_in = 1;
  EXPECT_EQ(amount_due(order, WallTime{}), order.remaining());
  EXPECT_EQ(more_due_at(order, WallTime{}), std::nullopt);
  EXPECT_EQ(due_at(order, order.remaining()), order.accepted_at);
}

TEST(Slices, FollowTheAmendedAmount) {
  Order order = twap_order(1'000, 4, Micros{1'000'000});
  order.filled_in = 500;
  const WallTime half = order.accepted_at + Micros{1'000'000};
  EXPECT_EQ(amount_due(order, half), 0U);
  order.amount_in.units = 2'000;
  EXPECT_EQ(amount_due(order, half), 500U);
  order.amount_in.units = 600;  // 300 are due, and 500 are filled
  EXPECT_EQ(amount_due(order, half), 0U);
  EXPECT_EQ(more_due_at(order, half), order.accepted_at + Micros{3'000'000});
  EXPECT_EQ(amount_due(order, half + Micros{2'000'000}), 100U);
}

// Pinned: another program that computes them gets the same.
TEST(Slices, AreLateByTheHashOfTheOrderAndTheSlice) {
  const Order order = twap_order(1'000, 4, Micros{1'000'000}, 50);
  EXPECT_EQ(due_at(order, 250) - order.accepted_at, Micros{125'054});
  EXPECT_EQ(due_at(order, 500) - order.accepted_at, Micros{1'000'000 + 334'637});
  EXPECT_NE(due_at(twap_order(1'000, 4, Micros{1'000'000}, 50, 8), 250), due_at(order, 250));
}

// The sums are exact to the unit, never fall and never exceed the amount.
TEST(Slices, SumToTheAmountAndAreMonotone) {
  rc::check([] {
    const Units amount = *rc::gen::oneOf(rc::gen::inRange<Units>(1, 50), rc::gen::just(~Units{0}),
                                         rc::gen::inRange<Units>(1, Units{1} << 50));
    const auto count = *rc::gen::inRange<std::uint32_t>(slices_min, slices_max + 1);
    const Micros interval{*rc::gen::inRange<std::int64_t>(1'000'000, 604'800'000'001)};
    const auto randomize = static_cast<std::uint8_t>(*rc::gen::inRange(0, 101));
    Order order = twap_order(amount, count, interval, randomize, *rc::gen::inRange(1, 1'000));
    Units sold = 0;
    WallTime at = order.accepted_at;
    WallTime before = at;
    for (std::uint32_t step = 0; order.filled_in < amount; ++step) {
      RC_ASSERT(step <= 2 * count);
      const Units due = amount_due(order, at);
      RC_ASSERT(due <= order.remaining());
      if (due == 0) {
        const auto next = more_due_at(order, at);
        RC_ASSERT(next.has_value());
        RC_ASSERT(*next > at);
        RC_ASSERT(amount_due(order, *next - Micros{1}) == 0U);
        RC_ASSERT(due_at(order, 1) == *next);
        before = std::exchange(at, *next);
        RC_ASSERT(amount_due(order, at) > 0U);
        RC_ASSERT(before <= at);
        continue;
      }
      RC_ASSERT(due_at(order, due) <= at);
      // All slices up to now, to the unit.
      const U128 all = U128{amount} * slices_due(order, at) / count;
      sold += due;
      RC_ASSERT(U128{sold} == all);
      order.filled_in = sold;
    }
    RC_ASSERT(sold == amount);
    const WallTime last = order.accepted_at + interval * (count - 1);
    RC_ASSERT(at >= last);
    RC_ASSERT(at <= last + interval * randomize / 100);
  });
}

// --- decide() ------------------------------------------------------------------------------------

TEST(TwapOrder, RestsUntilASliceIsDue) {
  Order order = twap_order(1'000, 4, Micros{1'000'000});
  const WallTime first = order.accepted_at;
  EXPECT_EQ(next_step(order, first - Micros{1}, false), Step::rest);
  EXPECT_EQ(next_step(order, first, false), Step::route);
  build(order, 250, 37);
  add(order, settle(order, {{}, 0, 37, 1}));
  EXPECT_EQ(order.phase, Phase::pending);
  EXPECT_EQ(next_step(order, first + Micros{999'999}, false), Step::rest);
  EXPECT_EQ(next_step(order, first + Micros{1'000'000}, false), Step::route);
  add(order, RoutingStarted{2});
  EXPECT_EQ(next_step(order, first, false), Step::rest) << "the clock was stepped back";
  EXPECT_EQ(next_step(order, first + Micros{1'000'000}, false), Step::route);
}

TEST(TwapOrder, ASliceIsAPartAndTheLastOneTheEnd) {
  Order order = twap_order(1'000'000'000, 4, Micros{1'000'000});
  for (int slice = 0; slice < 3; ++slice) {
    build(order, 250'000'000, 37'500'000);
    const Event end = settle(order, {{}, 0, 37'400'000, 1});
    ASSERT_EQ(type_of(end), EventType::order_partially_filled);
    add(order, end);
  }
  build(order, std::nullopt, 37'500'000);
  EXPECT_EQ(order.attempt_in, 250'000'000U);
  const Event end = settle(order, {{}, 0, 37'125'000, 1});
  ASSERT_EQ(type_of(end), EventType::order_confirmed);
  EXPECT_EQ(std::get<OrderConfirmed>(end).slippage_realised_bps, 100) << "against its own quote";
}

TEST(TwapOrder, AMarketThatFallsOverHoursDoesNotStopIt) {
  Order order = twap_order(1'000'000'000, 4, Micros{1'000'000});
  build(order, 250'000'000, 37'500'000);
  EXPECT_EQ(order.min_out.units, 37'125'000U) << "its own quote less 1 %";
  add(order, settle(order, {{}, 0, 37'200'000, 1}));
  EXPECT_EQ(least_out(order, 250'000'000), 0U);
  build(order, 250'000'000, 20'000'000);
  EXPECT_EQ(order.min_out.units, 19'800'000U);
  order.min_out_floor = 100'000'000;
  EXPECT_EQ(least_out(order, 250'000'000), 25'000'000U) << "a quarter of the floor";
  order.limit_price = Decimal{120, 0};
  EXPECT_EQ(least_out(order, 250'000'000), 30'000'000U);
}

TEST(TwapOrder, TakesNoSmallerPartThanOnePercentOrASlice) {
  const Order order = twap_order(1'000'000, 1'000, Micros{1'000'000});
  EXPECT_EQ(least_part(order, 1'000), 1'000U);
  EXPECT_EQ(least_part(order, 15'000), 10'000U);
}

TEST(TwapOrder, WaitsAtRestWithoutAQuote) {
  EXPECT_EQ(without_quote(twap_order(1'000, 4, Micros{1'000'000})), WithoutQuote::rest);
}

}  // namespace
}  // namespace oee
