// The checker's rules for twap orders: one log per rule that breaks it alone, and its lawful
// neighbour.
#include <gtest/gtest.h>

#include "core/order/slices.h"
#include "eventlog/audit/log_checker.h"
#include "tests/support/log/raw_log.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

constexpr Units sol = 1'000'000'000;
constexpr Micros minute{60'000'000};

// Order 1 sells 1 SOL in four slices, one a minute, at about 150 USDC.
class TwapOrderCheck : public testing::Test {
 protected:
  TwapOrderCheck() {
    accepted_.type = OrderType::twap;
    accepted_.time_in_force = TimeInForce::gtc;
    accepted_.allow_partial = true;
    accepted_.amount_in = Decimal{sol, 9};
    accepted_.type_terms.slices = SliceTerms{4, minute, 0};
  }
  void add(const Event& event) {
    log_.add(id_, event, [this](RecordHeader& header, Event&) { header.time = time_; });
  }
  void accept() { add(accepted_); }
  // The time after the acceptance of the records that follow.
  void at(Micros after) { time_ = start_ + after; }
  // An attempt that sells `amount` for `out`, less 1 %.
  void build(Attempt attempt, Units amount, Units out, Units min_out) {
    add(RoutingStarted{attempt});
    RouteSelected route = test::route_event(attempt);
    route.quotes[0].amount_out.units = out;
    route.quotes[0].amount_in = Decimal{amount, 9};
    add(route);
    TransactionBuilt built = test::built_event(id_, attempt);
    built.amount_in.units = amount;
    built.expected_out.units = out;
    built.min_out.units = min_out;
    add(built);
  }
  void fill(Attempt attempt, Units amount, Units out) {
    OrderPartiallyFilled event;
    event.attempt = attempt;
    event.venue = "raydium";
    event.amount_in = Decimal{amount, 9};
    event.amount_out = Decimal{out, 6};
    event.executed_price = price_of(event.amount_out, event.amount_in);
    event.fee = Decimal{1, 9};
    add(event);
  }
  void sell_first_slice() {
    accept();
    build(1, sol / 4, 37'500'000, 37'125'000);
    fill(1, sol / 4, 37'400'000);
    add(OrderRested{"the next slice is due"});
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
  const OrderId id_ = test::order_id(1);
  const WallTime start_{Micros{1'770'000'000'000'000}};
  WallTime time_ = start_;
};

TEST_F(TwapOrderCheck, SlicesAtTheirTimesAreSound) {
  sell_first_slice();
  at(minute);
  build(2, sol / 4, 37'500'000, 37'125'000);
  fill(2, sol / 4, 37'125'000);
  at(3 * minute);
  build(3, sol / 2, 75'000'000, 74'250'000);
  EXPECT_EQ(found(), "nothing");
}

TEST_F(TwapOrderCheck, ASliceOneMicrosecondEarly) {
  sell_first_slice();
  at(minute - Micros{1});
  build(2, sol / 4, 37'500'000, 37'125'000);
  EXPECT_EQ(found(), "order.slices at 9");
}

TEST_F(TwapOrderCheck, OneUnitMoreThanIsDue) {
  sell_first_slice();
  at(2 * minute);
  build(2, sol / 2 + 1, 75'000'000, 74'250'000);
  EXPECT_EQ(found(), "order.slices at 9");
}

TEST_F(TwapOrderCheck, AnAmendedAmountChangesWhatIsDue) {
  sell_first_slice();
  Amendment terms;
  terms.amount_in = Decimal{2 * sol, 9};
  add(OrderAmended{"desk", "", {}, {}, terms});
  build(2, sol / 4, 37'500'000, 37'125'000);
  fill(2, sol / 4, 37'400'000);
  EXPECT_EQ(found(), "nothing");
  build(3, 1, 1, 1);
  EXPECT_EQ(found(), "order.slices at 14");
}

// The engine's own computation is the other opinion, at each time and one microsecond before.
TEST_F(TwapOrderCheck, ALateSliceIsCountedAsTheEngineCountsIt) {
  accepted_.type_terms.slices = SliceTerms{1'000, minute, 100};
  Order order;
  Record record;
  record.order_id = id_;
  record.version = 1;
  record.time = start_;
  record.event = accepted_;
  ASSERT_TRUE(evolve(order, record).ok());
  for (Units slice = 1; slice <= 1'000; slice += 111) {
    for (const Micros early : {Micros{0}, Micros{1}}) {
      log_ = {};
      time_ = start_;
      accept();
      time_ = due_at(order, sol / 1'000 * slice) - early;
      build(1, sol / 1'000 * slice, 1'000, 990);
      EXPECT_EQ(found(), early == Micros{0} ? "nothing" : "order.slices at 4") << slice;
    }
  }
}

// Slices of equal amounts are not bound by the price of an earlier one.
TEST_F(TwapOrderCheck, AFallenMarketIsSoundAndALooseSliceIsNot) {
  sell_first_slice();
  at(minute);
  build(2, sol / 4, 20'000'000, 19'800'000);
  fill(2, sol / 4, 19'800'000);
  EXPECT_EQ(found(), "nothing");
  at(2 * minute);
  build(3, sol / 4, 20'000'000, 19'799'999);
  EXPECT_EQ(found(), "order.price_limit at 13");
}

TEST_F(TwapOrderCheck, TheShareOfTheFloorHolds) {
  accepted_.min_out_floor = 160'000'000;
  accept();
  build(1, sol / 4, 37'500'000, 37'125'000);
  EXPECT_EQ(found(), "order.price_limit at 4");
}

}  // namespace
}  // namespace oee
