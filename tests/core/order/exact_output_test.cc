// Orders of an exact output: decide() and evolve().
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>

#include "core/order/decide.h"
#include "core/order/legs.h"
#include "core/order/order_codec.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using test::make_record;
using Big = boost::multiprecision::cpp_int;

constexpr WallTime now_{Micros{1'000}};

void add(Order& order, Event event) {
  const auto done = evolve(order, make_record(order, std::move(event)));
  ASSERT_TRUE(done.ok()) << done.error().detail;
}

// 150 USDC for at most 1.5 SOL, with 1 % slippage.
OrderAccepted exact_event() {
  OrderAccepted event = test::accepted_event();
  event.exact_out = 150'000'000;
  return event;
}
Order order_of(OrderAccepted event) {
  Order order;
  order.id = test::order_id(7);
  Record record = make_record(order, std::move(event));
  record.order_id = order.id;
  check(evolve(order, record).ok(), "order_of");
  return order;
}

VenueQuote quote_of(Units in, Units out = 150'000'000) {
  VenueQuote quote;
  quote.venue = "raydium";
  quote.amount_in = Decimal{in, 9};
  quote.amount_out = Decimal{out, 6};
  return quote;
}
TransactionBuilt build(Order& order, Units quoted_in) {
  const Attempt attempt = attempt_to_start(order);
  add(order, RoutingStarted{attempt});
  RouteSelected route;
  route.attempt = attempt;
  route.quotes.push_back(quote_of(quoted_in));
  add(order, route);
  const TransactionBuilt built = build_transaction(order, attempt, route.quotes[0], 1'000);
  add(order, built);
  return built;
}
void fail(Order& order, ErrorClass error) {
  AttemptEnd end;
  end.error = error;
  add(order, end_attempt(order, end, {}, now_, 0));
}

// --- The input at a price ------------------------------------------------------------------------

TEST(InputAt, IsTheQuotientRoundedDownInUnboundedArithmetic) {
  std::mt19937_64 random(20'261'124);
  const auto scale = [&random] { return static_cast<std::uint8_t>(random() % 19); };
  const auto number = [&random] { return random() >> random() % 64; };
  const auto power = [](unsigned digits) -> Big {
    return boost::multiprecision::pow(Big(10), digits);
  };
  int fit = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Decimal price{number() | 1, scale()};
    const Decimal out{number(), scale()};
    const std::uint8_t decimals = scale();
    const Big up = Big(out.units) * power(unsigned{price.scale} + decimals);
    const Big exact = up / (Big(price.units) * power(out.scale));
    const Units in = input_at(price, out, decimals);
    ASSERT_EQ(Big(in), exact < Big(~Units{0}) ? exact : Big(~Units{0}));
    fit += in > 0 && in < ~Units{0};
  }
  EXPECT_TRUE(fit > 20'000 && fit < 80'000) << fit;
}

// --- The most input ------------------------------------------------------------------------------

TEST(MostIn, IsTheOrdersAmountUntilAQuoteIsChosen) {
  EXPECT_EQ(most_in(order_of(exact_event())), 1'500'000'000U);
}

TEST(MostIn, OfALimitOrderIsTheOutputAtItsPriceRoundedDown) {
  OrderAccepted event = exact_event();
  event.type = OrderType::limit;
  event.limit_price = Decimal{140, 0};
  Order order = order_of(event);
  EXPECT_EQ(most_in(order), 1'071'428'571U);
  order.first_expected_out = 150'000'000;
  order.first_quoted_in = 1;
  EXPECT_EQ(most_in(order), 1'071'428'571U) << "its quotes do not count";
  order.limit_price = Decimal{1, 0};
  EXPECT_EQ(most_in(order), 1'500'000'000U);
}

TEST(MostIn, OfAMarketOrderIsItsFirstQuotePlusSlippageRoundedDown) {
  Order order = order_of(exact_event());
  const TransactionBuilt first = build(order, 1'000'000'199);
  EXPECT_EQ(first.amount_in, (Decimal{1'010'000'200, 9}));  // 1,010,000,200.99
  EXPECT_EQ(first.min_out, (Decimal{150'000'000, 6}));
  EXPECT_EQ(most_in(order), 1'010'000'200U);
}

TEST(MostIn, IsNotBoundBySlippageOfOneHundredPercent) {
  OrderAccepted event = exact_event();
  event.slippage_bps = 10'000;
  Order order = order_of(event);
  EXPECT_EQ(build(order, 5).amount_in.units, 1'500'000'000U);
}

TEST(BuildTransaction, ARetryOfAnExactOutputNeverTakesMore) {
  Order order = order_of(exact_event());
  EXPECT_EQ(build(order, 1'000'000'000).amount_in.units, 1'010'000'000U);
  fail(order, ErrorClass::slippage_exceeded);
  EXPECT_EQ(build(order, 1'009'000'000).amount_in.units, 1'010'000'000U) << "a worse market";
  fail(order, ErrorClass::slippage_exceeded);
  EXPECT_EQ(build(order, 900'000'000).amount_in.units, 909'000'000U) << "a better one tightens it";
}

TEST(BuildTransaction, AnExactOutputTakesNoMoreThanTheOrdersAmount) {
  Order order = order_of(exact_event());
  EXPECT_EQ(build(order, 1'499'000'000).amount_in.units, 1'500'000'000U);
}

// --- The end -------------------------------------------------------------------------------------

TEST(Settle, AnExactOutputIsConfirmedWithTheInputThatItTook) {
  Order order = order_of(exact_event());
  build(order, 1'000'000'000);
  const Event event = settle(order, {{}, 1'005'000'000, 150'000'001, 3'000'000});
  const auto& confirmed = std::get<OrderConfirmed>(event);
  EXPECT_EQ(confirmed.amount_in, (Decimal{1'005'000'000, 9}));
  EXPECT_EQ(confirmed.amount_out, (Decimal{150'000'001, 6}));
  EXPECT_EQ(confirmed.executed_price, price_of(confirmed.amount_out, confirmed.amount_in));
  EXPECT_EQ(confirmed.slippage_realised_bps, 50);
  add(order, event);
  EXPECT_EQ(order.phase, Phase::confirmed);
  EXPECT_EQ(order.filled_in, 1'005'000'000U);
  EXPECT_EQ(order.amount_in.units, 1'500'000'000U);
}

TEST(Settle, ABetterInputIsNegativeSlippage) {
  Order order = order_of(exact_event());
  build(order, 1'000'000'000);
  const Event event = settle(order, {{}, 990'000'000, 150'000'000, 1});
  EXPECT_EQ(std::get<OrderConfirmed>(event).slippage_realised_bps, -100);
}

TEST(Settle, AnInputThatIsNotKnownIsTheMost) {
  Order order = order_of(exact_event());
  build(order, 1'000'000'000);
  const Event event = settle(order, {{}, 0, 150'000'000, 1});
  EXPECT_EQ(std::get<OrderConfirmed>(event).amount_in.units, 1'010'000'000U);
}

TEST(Legs, AFilledLegOfAnExactOutputHasTheInputThatItTook) {
  Order order;
  order.id = test::order_id(7);
  std::vector<Record> records;
  const auto record = [&](Event event) {
    Record next = make_record(order, std::move(event));
    next.order_id = order.id;
    ASSERT_TRUE(evolve(order, next).ok());
    records.push_back(next);
  };
  record(exact_event());
  record(RoutingStarted{1});
  RouteSelected route;
  route.attempt = 1;
  route.quotes.push_back(quote_of(1'000'000'000));
  record(route);
  record(build_transaction(order, 1, route.quotes[0], 1'000));
  EXPECT_EQ(legs_of(records).front().amount_in.units, 1'010'000'000U);
  record(settle(order, {{}, 1'000'000'000, 150'000'000, 1}));
  EXPECT_EQ(legs_of(records).front().amount_in.units, 1'000'000'000U);
}

TEST(CountsAsAttempt, AnExactOutputWhoseMarketLeftItsLimitDoesNot) {
  OrderAccepted event = exact_event();
  event.type = OrderType::limit;
  event.limit_price = Decimal{140, 0};
  Order order = order_of(event);
  build(order, 1'000'000'000);  // 1.01 SOL: the slippage is below the limit
  EXPECT_TRUE(counts_as_attempt(order, ErrorClass::slippage_exceeded));
  order.attempt_in = most_in(order);
  EXPECT_FALSE(counts_as_attempt(order, ErrorClass::slippage_exceeded));
}

// --- Commands ------------------------------------------------------------------------------------

TEST(PlaceExactOutput, HasAFingerprintOfItsOwn) {
  PlaceOrder command;
  command.input = Token{"SOL", 9};
  command.output = Token{"USDC", 6};
  command.amount_in = Decimal{1'500'000'000, 9};
  const Hash256 without = fingerprint_of(command);
  command.exact_out = 150'000'000;
  const Hash256 with = fingerprint_of(command);
  EXPECT_NE(with, without);
  command.exact_out = 150'000'001;
  EXPECT_NE(fingerprint_of(command), with);
  const auto event = std::get<OrderAccepted>(decide(command));
  EXPECT_EQ(event.exact_out, 150'000'001U);
}

TEST(PlaceExactOutput, ItsQuoteLowersTheMostInput) {
  PlaceOrder command;
  command.input = Token{"SOL", 9};
  command.output = Token{"USDC", 6};
  command.amount_in = Decimal{1'500'000'000, 9};
  command.exact_out = 150'000'000;
  command.quote.id = "5a0b";
  command.quote.amount_in = 1'000'000'000;
  command.quote.amount_out = 150'000'000;
  auto event = std::get<OrderAccepted>(decide(command));
  EXPECT_EQ(event.amount_in.units, 1'000'000'000U);
  EXPECT_FALSE(event.min_out_floor);
  command.amount_in.units = 900'000'000;
  event = std::get<OrderAccepted>(decide(command));
  EXPECT_EQ(event.amount_in.units, 900'000'000U);
}

TEST(AmendExactOutput, ChangesTheMostInputAndHasNoFloor) {
  const Order order = order_of(exact_event());
  AmendOrder command;
  command.terms.amount_in = Decimal{2'000'000'000, 9};
  const auto event = decide(order, command);
  ASSERT_TRUE(event.ok());
  Order amended = order;
  add(amended, *event);
  EXPECT_EQ(most_in(amended), 2'000'000'000U);
  command.terms = {};
  command.terms.min_out_floor = Decimal{1, 6};
  EXPECT_EQ(decide(order, command).error().detail,
            "minOut: an order with an outputAmount has none");
}

TEST(AmendExactOutput, RefusesALimitPriceThatLeavesNoInput) {
  OrderAccepted accepted = exact_event();
  accepted.type = OrderType::limit;
  accepted.limit_price = Decimal{140, 0};
  AmendOrder command;
  command.terms.limit_price = Decimal{150'000'000'001, 0};  // 150 USDC are below 1e-9 SOL
  const auto refused = decide(order_of(accepted), command);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::invalid);
  command.terms.limit_price = Decimal{150'000'000'000, 0};
  EXPECT_TRUE(decide(order_of(accepted), command).ok());
}

TEST(ResolveExactOutput, NeedsTheInputThatItTook) {
  Order order = order_of(exact_event());
  build(order, 1'000'000'000);
  ResolveOutcome command;
  command.attempt = 1;
  command.settled = true;
  command.amount_out = Decimal{150'000'000, 6};
  for (const std::optional<Decimal> wrong : {std::optional<Decimal>(), std::optional(Decimal{0, 9}),
                                             std::optional(Decimal{1'010'000'001, 9})}) {
    command.amount_in = wrong;
    const auto refused = decide(order, command, now_);
    ASSERT_FALSE(refused.ok());
    EXPECT_TRUE(refused.error().detail.starts_with("amountIn: ")) << refused.error().detail;
  }
  command.amount_in = Decimal{1'010'000'000, 9};
  const auto events = decide(order, command, now_);
  ASSERT_TRUE(events.ok()) << events.error().detail;
  EXPECT_EQ(std::get<OutcomeResolved>(events->front()).amount_in, command.amount_in);
  EXPECT_EQ(std::get<OrderConfirmed>(events->back()).amount_in, *command.amount_in);
}

// --- The stored form -----------------------------------------------------------------------------

TEST(OrderCodec, AnExactOutputIsInTheFourthFormat) {
  Order order = order_of(exact_event());
  std::string bytes;
  append_order(bytes, order);
  EXPECT_EQ(bytes[0], 4);
  const auto back = decode_order(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->exact_out, order.exact_out);
  EXPECT_EQ(back->amount_in, order.amount_in);
}

}  // namespace
}  // namespace oee
