// The checker's rules for the triggers of stop and sniper orders: logs that break one of them, and
// their lawful neighbours.
#include <gtest/gtest.h>

#include "eventlog/audit/log_checker.h"
#include "tests/support/log/raw_log.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

// Order 1 is accepted at seq 1; the events follow.
class TriggerCheck : public testing::Test {
 protected:
  std::string found(OrderType type, const TypeTerms& terms, const std::vector<Event>& events) {
    OrderAccepted accepted = test::accepted_event();
    accepted.type = type;
    accepted.type_terms = terms;
    test::RawLog log;
    log.add(test::order_id(1), accepted);
    for (const Event& event : events) log.add(test::order_id(1), event);
    LogChecker checker(LogChecker::Options{});
    for (const std::string_view bytes : log.views())
      if (const auto violation = checker.take(bytes))
        return std::string(to_string(violation->invariant)) + " at " +
               std::to_string(violation->seq);
    return "nothing";
  }
  std::string stop(TriggerWhen when, const std::vector<Event>& events) {
    TypeTerms terms;
    terms.trigger.emplace(Decimal{145, 0}, when);
    return found(OrderType::stop, terms, events);
  }
  std::string sniper(const std::vector<Event>& events) {
    TypeTerms terms;
    terms.min_liquidity = Decimal{5'000, 6};
    return found(OrderType::sniper, terms, events);
  }
  static Event at(Decimal price, std::optional<Decimal> liquidity = {}) {
    return OrderTriggered{"raydium", price, 7, liquidity};
  }
  static constexpr TriggerWhen below = TriggerWhen::at_or_below;
  static constexpr TriggerWhen above = TriggerWhen::at_or_above;
};

TEST_F(TriggerCheck, ATriggerIsOnItsSideOfThePrice) {
  EXPECT_EQ(stop(below, {OrderRested{"waits"}, at({1450, 1}), RoutingStarted{1}}), "nothing");
  EXPECT_EQ(stop(below, {at({1451, 1})}), "order.trigger at 2");
  EXPECT_EQ(stop(above, {at({1450, 1}), RoutingStarted{1}}), "nothing");
  EXPECT_EQ(stop(above, {at({1449, 1})}), "order.trigger at 2");
}

TEST_F(TriggerCheck, AnAmendedTriggerPriceCounts) {
  OrderAmended amended{"desk", "", {}, {}, {}};
  amended.terms.trigger_price = Decimal{140, 0};
  EXPECT_EQ(stop(below, {amended, at({141, 0})}), "order.trigger at 3");
  EXPECT_EQ(stop(below, {amended, at({140, 0})}), "nothing");
  EXPECT_EQ(stop(below, {at({140, 0}), amended}), "order.trigger at 3");
}

TEST_F(TriggerCheck, NoAttemptStartsBeforeAndNoSecondTriggerFollows) {
  EXPECT_EQ(stop(below, {RoutingStarted{1}}), "order.trigger at 2");
  EXPECT_EQ(stop(below, {at({1, 0}), at({1, 0})}), "order.trigger at 3");
  EXPECT_EQ(found(OrderType::market, {}, {at({1, 0})}), "order.trigger at 2");
}

TEST_F(TriggerCheck, ASniperHasItsLiquidity) {
  EXPECT_EQ(sniper({at({1, 0}, Decimal{5'000, 6}), RoutingStarted{1}}), "nothing");
  EXPECT_EQ(sniper({at({1, 0}, Decimal{4'999, 6})}), "order.trigger at 2");
  EXPECT_EQ(sniper({at({1, 0})}), "order.trigger at 2");
  EXPECT_EQ(sniper({RoutingStarted{1}}), "order.trigger at 2");
}

}  // namespace
}  // namespace oee
