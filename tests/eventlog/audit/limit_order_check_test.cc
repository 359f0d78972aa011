// The checker's rules for limit orders, parts, amendments and cancels of live attempts: one log per
// rule that breaks it alone, and its lawful neighbour.
#include <gtest/gtest.h>

#include "eventlog/audit/log_checker.h"
#include "tests/support/log/raw_log.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

// Order 1 sells 1.5 SOL in parts at 150 USDC or more: the least output of all is 225 USDC.
class LimitOrderCheck : public testing::Test {
 protected:
  LimitOrderCheck() {
    accepted_.type = OrderType::limit;
    accepted_.time_in_force = TimeInForce::gtc;
    accepted_.limit_price = Decimal{150, 0};
    accepted_.allow_partial = true;
    accepted_.slippage_bps = 10'000;
  }
  void add(const Event& event) { log_.add(id_, event); }
  void accept() { add(accepted_); }
  // RoutingStarted, RouteSelected of a part (empty: all that remains), TransactionBuilt.
  void route(Attempt attempt, std::optional<Units> part, Units out) {
    add(RoutingStarted{attempt});
    RouteSelected route = test::route_event(attempt);
    route.quotes[0].amount_out.units = out;
    if (part) route.quotes[0].amount_in = Decimal{*part, 9};
    add(route);
  }
  void build(Attempt attempt, Units amount, Units out, Units min_out) {
    TransactionBuilt built = test::built_event(id_, attempt);
    built.amount_in.units = amount;
    built.expected_out.units = out;
    built.min_out.units = min_out;
    add(built);
  }
  template <class Fill>
  void fill(Fill event, Attempt attempt, Units amount, Units out) {
    event.attempt = attempt;
    event.venue = "raydium";
    event.amount_in = Decimal{amount, 9};
    event.amount_out = Decimal{out, 6};
    event.executed_price = price_of(event.amount_out, event.amount_in);
    event.fee = Decimal{1, 9};
    add(event);
  }
  // The first part: 0.5 SOL for 76 USDC, at seqs 1 to 5.
  void fill_first_part() {
    accept();
    route(1, 500'000'000, 76'000'000);
    build(1, 500'000'000, 76'000'000, 75'000'000);
    fill(OrderPartiallyFilled(), 1, 500'000'000, 76'000'000);
  }
  OrderAmended amended(const Amendment& terms) { return {"desk", "", {}, {}, terms}; }

  std::string found(LogChecker::Options options = {}) {
    LogChecker checker(options);
    for (const std::string_view bytes : log_.views())
      if (const auto violation = checker.take(bytes))
        return std::string(to_string(violation->invariant)) + " at " +
               std::to_string(violation->seq);
    return "nothing";
  }

  test::RawLog log_;
  OrderAccepted accepted_ = test::accepted_event();
  const OrderId id_ = test::order_id(1);
};

TEST_F(LimitOrderCheck, AnOrderThatRestsAndIsFilledInPartsIsSound) {
  accept();
  add(OrderRested{"below"});
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'000, 76'000'000, 75'000'000);
  fill(OrderPartiallyFilled(), 1, 500'000'000, 75'000'000);
  add(RoutingStarted{2});
  add(OrderRested{"below"});
  route(3, std::nullopt, 151'000'000);
  build(3, 1'000'000'000, 151'000'000, 150'000'000);
  fill(OrderConfirmed(), 3, 1'000'000'000, 150'000'000);
  EXPECT_EQ(found(), "nothing");
}

TEST_F(LimitOrderCheck, AnOperatorMayStateThatAPartHasSettled) {
  accept();
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'000, 76'000'000, 75'000'000);
  OutcomeResolved stated;
  stated.attempt = 1;
  stated.by = "ops";
  stated.why = "mail";
  stated.settled = true;
  stated.amount_out = Decimal{76'000'000, 6};
  stated.fee = Decimal{1, 9};
  add(stated);
  fill(OrderPartiallyFilled(), 1, 500'000'000, 76'000'000);
  EXPECT_EQ(found(), "nothing");
}

TEST_F(LimitOrderCheck, AnAttemptAfterARestHasTheNextNumber) {
  accept();
  add(RoutingStarted{1});
  add(OrderRested{"below"});
  add(RoutingStarted{1});
  EXPECT_EQ(found(), "order.attempt at 4");
}
TEST_F(LimitOrderCheck, APartOfAnotherAttempt) {
  accept();
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'000, 76'000'000, 75'000'000);
  fill(OrderPartiallyFilled(), 2, 500'000'000, 76'000'000);
  EXPECT_EQ(found(), "order.attempt at 5");
}

// --- Amounts -------------------------------------------------------------------------------------

TEST_F(LimitOrderCheck, AQuoteOfMoreThanRemains) {
  fill_first_part();
  route(2, 1'000'000'001, 152'000'000);
  EXPECT_EQ(found(), "order.amounts at 7");
}
TEST_F(LimitOrderCheck, AQuoteOfNothing) {
  accept();
  route(1, 0, 1);
  EXPECT_EQ(found(), "order.amounts at 3");
}
TEST_F(LimitOrderCheck, AQuoteInUnitsOfAnotherToken) {
  accept();
  add(RoutingStarted{1});
  RouteSelected route = test::route_event(1);
  route.quotes[0].amount_in = Decimal{500'000'000, 6};
  add(route);
  EXPECT_EQ(found(), "order.amounts at 3");
}
TEST_F(LimitOrderCheck, APartOfAnOrderThatIsSoldWhole) {
  accepted_.allow_partial = false;
  accept();
  route(1, 500'000'000, 76'000'000);
  EXPECT_EQ(found(), "order.amounts at 3");
}
TEST_F(LimitOrderCheck, APartOfAFillOrKillOrder) {
  accepted_.time_in_force = TimeInForce::fok;
  accept();
  route(1, 500'000'000, 76'000'000);
  EXPECT_EQ(found(), "order.amounts at 3");
}
TEST_F(LimitOrderCheck, ATransactionOfMoreThanItsQuote) {
  accept();
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'001, 76'000'000, 75'000'001);
  EXPECT_EQ(found(), "order.amounts at 4");
}
TEST_F(LimitOrderCheck, AConfirmationThatLeavesARest) {
  accept();
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'000, 76'000'000, 75'000'000);
  fill(OrderConfirmed(), 1, 500'000'000, 76'000'000);
  EXPECT_EQ(found(), "order.amounts at 5");
}
TEST_F(LimitOrderCheck, APartThatLeavesNothing) {
  accept();
  route(1, std::nullopt, 226'000'000);
  build(1, 1'500'000'000, 226'000'000, 225'000'000);
  fill(OrderPartiallyFilled(), 1, 1'500'000'000, 226'000'000);
  EXPECT_EQ(found(), "order.amounts at 5");
}
TEST_F(LimitOrderCheck, AFillOfAnotherAmountThanItsTransaction) {
  accept();
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'000, 76'000'000, 75'000'000);
  fill(OrderPartiallyFilled(), 1, 499'999'999, 76'000'000);
  EXPECT_EQ(found(), "order.amounts at 5");
}

// --- Prices --------------------------------------------------------------------------------------

TEST_F(LimitOrderCheck, ATransactionOneUnitBelowTheLimit) {
  accept();
  route(1, 500'000'001, 76'000'000);
  build(1, 500'000'001, 76'000'000, 75'000'000);  // 75.00000015
  EXPECT_EQ(found(), "order.price_limit at 4");
}
TEST_F(LimitOrderCheck, ATransactionAtTheLimitRoundedUp) {
  accept();
  route(1, 500'000'001, 76'000'000);
  build(1, 500'000'001, 76'000'000, 75'000'001);
  EXPECT_EQ(found(), "nothing");
}
TEST_F(LimitOrderCheck, AFillBelowTheLimit) {
  accept();
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'000, 76'000'000, 75'000'000);
  fill(OrderPartiallyFilled(), 1, 500'000'000, 74'999'999);
  EXPECT_EQ(found(), "order.price_limit at 5");
}
TEST_F(LimitOrderCheck, APartBelowItsShareOfTheFloor) {
  accepted_.min_out_floor = 240'000'000;
  accept();
  route(1, 500'000'000, 81'000'000);
  build(1, 500'000'000, 81'000'000, 79'999'999);
  EXPECT_EQ(found(), "order.price_limit at 4");
}
// Without a limit price the first quote less slippage binds each part by its share.
TEST_F(LimitOrderCheck, APartOfAMarketOrderBelowItsShareOfTheFirstQuote) {
  accepted_.type = OrderType::market;
  accepted_.limit_price.reset();
  accepted_.slippage_bps = 100;
  fill_first_part();  // 76 for 0.5; its min_out 75 is below 75.24
  EXPECT_EQ(found(), "order.price_limit at 4");
}
TEST_F(LimitOrderCheck, ALaterPartOfAMarketOrderBelowItsShareOfTheFirstQuote) {
  accepted_.type = OrderType::market;
  accepted_.limit_price.reset();
  accepted_.slippage_bps = 100;
  accept();
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'000, 76'000'000, 75'240'000);
  fill(OrderPartiallyFilled(), 1, 500'000'000, 75'240'000);
  route(2, std::nullopt, 151'000'000);
  build(2, 1'000'000'000, 151'000'000, 150'479'999);
  EXPECT_EQ(found({.earlier_programs = false}), "order.price_limit at 8");
}
TEST_F(LimitOrderCheck, APartThatPaysMayBeChosenOverALargerAmountThatDoesNot) {
  accept();
  add(RoutingStarted{1});
  RouteSelected route = test::route_event(1);
  route.quotes[0].amount_out.units = 76'000'000;
  route.quotes[0].amount_in = Decimal{500'000'000, 9};
  VenueQuote larger = route.quotes[0];
  larger.venue = "meteora";
  larger.amount_in.reset();
  larger.amount_out.units = 224'000'000;
  route.quotes.push_back(larger);
  add(route);
  EXPECT_EQ(found(), "nothing");
}
TEST_F(LimitOrderCheck, ABetterQuoteOfNoLargerAmountIsPassedOver) {
  accept();
  add(RoutingStarted{1});
  RouteSelected route = test::route_event(1);
  VenueQuote smaller = route.quotes[0];
  smaller.venue = "meteora";
  smaller.amount_in = Decimal{1'499'999'999, 9};
  ++smaller.amount_out.units;
  route.quotes.push_back(smaller);
  add(route);
  EXPECT_EQ(found(), "order.route at 3");
}

// --- Cancels and expiries ------------------------------------------------------------------------

TEST_F(LimitOrderCheck, ATransactionAfterARequestedCancel) {
  accept();
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'000, 76'000'000, 75'000'000);
  add(CancelRequested{"desk", ""});
  fill(OrderPartiallyFilled(), 1, 500'000'000, 76'000'000);
  EXPECT_EQ(found(), "nothing");
  route(2, std::nullopt, 152'000'000);
  build(2, 1'000'000'000, 152'000'000, 150'000'000);
  EXPECT_EQ(found(), "order.cancel at 9");
}
TEST_F(LimitOrderCheck, AnAmendedExpiryBindsAndANewOneRaisesIt) {
  // RawLog's times are its seqs.
  const auto at = [](int seq) { return WallTime(Micros(1'770'000'000'000'000 + seq)); };
  accept();
  Amendment terms;
  terms.expires_at = at(5);
  add(amended(terms));
  route(1, std::nullopt, 226'000'000);
  build(1, 1'500'000'000, 226'000'000, 225'000'000);
  EXPECT_EQ(found(), "order.expiry at 5");
}
TEST_F(LimitOrderCheck, AnAmendmentMayRemoveTheExpiry) {
  accepted_.expires_at = WallTime(Micros(1'770'000'000'000'001));
  accepted_.expires_by_log_time = true;
  accept();
  Amendment terms;
  terms.expires_never = true;
  add(amended(terms));
  route(1, std::nullopt, 226'000'000);
  build(1, 1'500'000'000, 226'000'000, 225'000'000);
  EXPECT_EQ(found(), "nothing");
}

TEST_F(LimitOrderCheck, ASecondTransactionOfAnOrderThatTradesOnce) {
  accepted_.time_in_force = TimeInForce::ioc;
  accept();
  route(1, 500'000'000, 76'000'000);
  build(1, 500'000'000, 76'000'000, 75'000'000);
  add(AttemptFailed{1, ErrorClass::slippage_exceeded, "", WallTime{}});
  EXPECT_EQ(found(), "nothing");
  route(2, 500'000'000, 76'000'000);
  build(2, 500'000'000, 76'000'000, 75'000'000);
  EXPECT_EQ(found(), "order.immediate at 8");
}

// --- Amendments ----------------------------------------------------------------------------------

TEST_F(LimitOrderCheck, ATransactionHoldsTheAmendedTerms) {
  accept();
  Amendment terms;
  terms.limit_price = Decimal{160, 0};
  terms.amount_in = Decimal{1'000'000'000, 9};
  add(amended(terms));
  route(1, std::nullopt, 161'000'000);
  build(1, 1'000'000'000, 161'000'000, 159'999'999);
  EXPECT_EQ(found(), "order.price_limit at 5");
}
TEST_F(LimitOrderCheck, AnAmendmentToAnAmountThatIsFilled) {
  fill_first_part();
  Amendment terms;
  terms.amount_in = Decimal{500'000'000, 9};
  add(amended(terms));
  EXPECT_EQ(found(), "order.amounts at 6");
}
TEST_F(LimitOrderCheck, AnAmendmentInUnitsOfAnotherToken) {
  accept();
  Amendment terms;
  terms.amount_in = Decimal{500'000'000, 6};
  add(amended(terms));
  EXPECT_EQ(found(), "order.amounts at 2");
}
TEST_F(LimitOrderCheck, AFloorInUnitsOfAnotherToken) {
  accept();
  Amendment terms;
  terms.min_out_floor = Decimal{5, 9};
  add(amended(terms));
  EXPECT_EQ(found(), "order.amounts at 2");
}
TEST_F(LimitOrderCheck, OneKeyOfAnAmendmentAndOfACancel) {
  accept();
  add(OrderAmended{"desk", "", "key-1", {}, {}});
  route(1, std::nullopt, 226'000'000);
  build(1, 1'500'000'000, 226'000'000, 225'000'000);
  add(CancelRequested{"desk", "", "key-1", {}});
  EXPECT_EQ(found(), "key.one_order at 6");
}

// --- The budget of attempts ----------------------------------------------------------------------

TEST_F(LimitOrderCheck, ARestAnAmendmentAndAPartRenewTheBudget) {
  const AttemptFailed failed{1, ErrorClass::venue_unavailable, "", WallTime{}};
  const auto fail = [&](Attempt attempt) {
    add(RoutingStarted{attempt});
    AttemptFailed event = failed;
    event.attempt = attempt;
    add(event);
  };
  accept();
  fail(1);
  fail(2);
  add(OrderRested{""});
  fail(3);
  fail(4);
  add(amended({}));
  fail(5);
  route(6, 500'000'000, 76'000'000);
  build(6, 500'000'000, 76'000'000, 75'000'000);
  fill(OrderPartiallyFilled(), 6, 500'000'000, 76'000'000);
  fail(7);
  add(RoutingStarted{8});
  add(OrderFailed{8, ErrorClass::venue_unavailable, "", 2});
  EXPECT_EQ(found({.attempts_max = 2}), "nothing");
  EXPECT_EQ(found({.attempts_max = 1}), "order.budget at 4");
}
TEST_F(LimitOrderCheck, AMarketThatLeavesTheLimitCountsNot) {
  accept();
  for (Attempt attempt = 1; attempt <= 5; ++attempt) {
    route(attempt, std::nullopt, 226'000'000);
    build(attempt, 1'500'000'000, 226'000'000, 225'000'000);
    add(AttemptFailed{attempt, ErrorClass::slippage_exceeded, "", WallTime{}});
  }
  add(RoutingStarted{6});
  add(OrderFailed{6, ErrorClass::no_liquidity, "", 1});
  EXPECT_EQ(found({.attempts_max = 1}), "nothing");
}

}  // namespace
}  // namespace oee
