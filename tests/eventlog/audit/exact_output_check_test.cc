// The checker's rules for exact outputs: one log per rule that breaks it alone, and its lawful
// neighbour.
#include <gtest/gtest.h>

#include "eventlog/audit/log_checker.h"
#include "tests/support/log/raw_log.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

// Order 1 sells at most 1.5 SOL for 150 USDC, with 1 % slippage.
class ExactOutputCheck : public testing::Test {
 protected:
  ExactOutputCheck() { accepted_.exact_out = 150'000'000; }

  void add(const Event& event) { log_.add(id_, event); }
  // RoutingStarted and RouteSelected of this input; meteora's is 1.2 SOL.
  void route(Attempt attempt, std::optional<Units> in, Units out = 150'000'000) {
    add(RoutingStarted{attempt});
    RouteSelected route = test::route_event(attempt);
    VenueQuote& chosen = route.quotes[0];
    chosen.amount_out.units = expected_ = out;
    if (in) chosen.amount_in = Decimal{*in, 9};
    VenueQuote other = chosen;
    other.venue = "meteora";
    other.amount_in = Decimal{1'200'000'000, 9};
    other.amount_out.units += 1'000;  // more does not count
    route.quotes.push_back(other);
    add(route);
  }
  void build(Attempt attempt, Units most, Units min_out = 150'000'000) {
    TransactionBuilt built = test::built_event(id_, attempt);
    built.amount_in.units = most;
    built.expected_out.units = expected_;
    built.min_out.units = min_out;
    add(built);
  }
  template <class Fill = OrderConfirmed>
  void fill(Units in, Units out = 150'000'000, Attempt attempt = 1) {
    Fill event;
    event.attempt = attempt;
    event.venue = "raydium";
    event.amount_in = Decimal{in, 9};
    event.amount_out = Decimal{out, 6};
    event.executed_price = price_of(event.amount_out, event.amount_in);
    event.fee = Decimal{1, 9};
    add(event);
  }
  void fail(Attempt attempt) {
    add(AttemptFailed{attempt, ErrorClass::slippage_exceeded, "", WallTime{}});
  }
  std::string found() {
    LogChecker checker(LogChecker::Options{});
    for (const std::string_view bytes : log_.views())
      if (const auto violation = checker.take(bytes))
        return std::string(to_string(violation->invariant)) + " at " +
               std::to_string(violation->seq);
    return "nothing";
  }

  test::RawLog log_;
  OrderAccepted accepted_ = test::accepted_event();
  Units expected_ = 0;
  const OrderId id_ = test::order_id(1);
};

TEST_F(ExactOutputCheck, AFillOfTheOutputForLessThanTheMostIsSound) {
  add(accepted_);
  route(1, 1'000'000'099);
  build(1, 1'010'000'099);  // 1,010,000,099.99 rounded down
  fill(1'005'000'000, 150'000'001);
  EXPECT_EQ(found(), "nothing");
}

TEST_F(ExactOutputCheck, AMostInputIsRoundedDown) {
  add(accepted_);
  route(1, 1'000'000'099);
  build(1, 1'010'000'100);
  EXPECT_EQ(found(), "order.price_limit at 4");
}

TEST_F(ExactOutputCheck, AMostInputBelowItsQuote) {
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 999'999'999);
  EXPECT_EQ(found(), "order.price_limit at 4");
}

TEST_F(ExactOutputCheck, AMostInputAboveTheOrders) {
  accepted_.amount_in.units = 1'005'000'000;
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 1'005'000'001);
  EXPECT_EQ(found(), "order.price_limit at 4");
}

TEST_F(ExactOutputCheck, AMostInputAboveTheLimitPrice) {
  accepted_.type = OrderType::limit;
  accepted_.limit_price = Decimal{1495, 1};  // 1.003344481 SOL, rounded down
  accepted_.slippage_bps = 10'000;
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 1'003'344'481);
  EXPECT_EQ(found(), "nothing");
  fail(1);
  route(2, 1'000'000'000);
  build(2, 1'003'344'482);
  EXPECT_EQ(found(), "order.price_limit at 8");
}

TEST_F(ExactOutputCheck, ALaterAttemptMayBeTighterAndNeverTakesMore) {
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 1'010'000'000);
  fail(1);
  route(2, 1'009'000'000);
  build(2, 1'010'000'000);
  fail(2);
  route(3, 900'000'000);
  build(3, 909'000'000);
  EXPECT_EQ(found(), "nothing");
  fail(3);
  route(4, 1'005'000'000);
  build(4, 1'010'000'001);
  EXPECT_EQ(found(), "order.price_limit at 16");
}

TEST_F(ExactOutputCheck, ABetterQuoteTightensTheMost) {
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 1'010'000'000);
  fail(1);
  route(2, 900'000'000);
  build(2, 909'000'001);
  EXPECT_EQ(found(), "order.price_limit at 8");
}

TEST_F(ExactOutputCheck, AMinOutThatIsNotTheExactOutput) {
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 1'010'000'000, 149'999'999);
  EXPECT_EQ(found(), "order.price_limit at 4");
}

TEST_F(ExactOutputCheck, AFillBelowTheExactOutput) {
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 1'010'000'000);
  fill(1'000'000'000, 149'999'999);
  EXPECT_EQ(found(), "order.price_limit at 5");
}

TEST_F(ExactOutputCheck, AFillThatTakesMoreThanTheMostOrNothing) {
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 1'010'000'000);
  fill(1'010'000'001);
  EXPECT_EQ(found(), "order.amounts at 5");
}

TEST_F(ExactOutputCheck, AnExactOutputIsNotFilledInParts) {
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 1'010'000'000);
  fill<OrderPartiallyFilled>(1'000'000'000);
  EXPECT_EQ(found(), "order.amounts at 5");
}

TEST_F(ExactOutputCheck, AQuoteOfLessThanTheOutput) {
  add(accepted_);
  route(1, 1'000'000'000, 149'999'999);
  EXPECT_EQ(found(), "order.amounts at 3");
}

TEST_F(ExactOutputCheck, AQuoteOfMoreInputThanAnother) {
  add(accepted_);
  route(1, 1'200'000'001);
  EXPECT_EQ(found(), "order.route at 3");
}

TEST_F(ExactOutputCheck, AQuoteAboveTheMostInput) {
  accepted_.amount_in.units = 999'999'999;
  add(accepted_);
  route(1, 1'000'000'000);
  EXPECT_EQ(found(), "order.amounts at 3");
}

TEST_F(ExactOutputCheck, AnOperatorStatesTheInput) {
  add(accepted_);
  route(1, 1'000'000'000);
  build(1, 1'010'000'000);
  OutcomeResolved stated;
  stated.attempt = 1;
  stated.by = "ops";
  stated.why = "mail";
  stated.settled = true;
  stated.amount_out = Decimal{150'000'000, 6};
  stated.fee = Decimal{1, 9};
  stated.amount_in = Decimal{1'000'000'000, 9};
  add(stated);
  fill(1'000'000'001);
  EXPECT_EQ(found(), "order.transition at 6");
}

TEST_F(ExactOutputCheck, AnExactOutputOfNothing) {
  accepted_.exact_out = 0;
  add(accepted_);
  EXPECT_EQ(found(), "log.record at 1");
}

}  // namespace
}  // namespace oee
