// HistoryChecker's rules for the legs of a split attempt at their venues: each leg has the intent
// of its LegBuilt and the settlement of its LegFilled.
#include "tests/eventlog/audit/split_log.h"
#include "tests/support/log/history_checker.h"

namespace oee {
namespace {

using test::SplitCheck;

class SplitHistory : public SplitCheck {
 protected:
  using Settlement = test::HistoryChecker::Settlement;

  // Both legs are filled.
  void live() {
    build();
    add(submitted(0));
    add(filled(0));
    add(filled(1));
    add(sum<OrderConfirmed>({0, 1}));
  }
  VenueOrder call(LegIndex leg) {
    std::vector<Event> events = built(1);
    const LegBuilt& intent = leg_of(events, leg);
    return {.id = intent.venue_order_id,
            .input = accepted_.input,
            .output = accepted_.output,
            .amount_in = intent.amount_in.units,
            .min_out = intent.min_out.units,
            .valid_until_height = intent.valid_until_height,
            .path = intent.path};
  }
  Settlement settlement(LegIndex leg) {
    const LegFilled fill = filled(leg);
    return {
        venue_order_id_of(id_, 1, leg), fill.venue,     "SOL",        "USDC", fill.amount_in.units,
        fill.amount_out.units,          fill.fee.units, fill.tx_hash, 1'000};
  }
  std::string violations(const std::vector<Settlement>& settlements,
                         std::optional<std::pair<const char*, VenueOrder>> called = {}) {
    test::HistoryChecker checker;
    checker.saw_log(1, log_.views());
    if (called) checker.venue_called(called->first, called->second);
    for (const Settlement& each : settlements) checker.venue_settled(each);
    checker.at_rest();
    std::string names;
    for (const Violation& each : checker.violations())
      names += (names.empty() ? "" : " ") + std::string(to_string(each.invariant));
    return names;
  }
};

TEST_F(SplitHistory, EachLegIsCalledForAndSettledOnItsOwnTerms) {
  live();
  const std::vector both = {settlement(0), settlement(1)};
  EXPECT_EQ(violations(both, std::pair("raydium", call(0))), "");
  EXPECT_EQ(violations(both, std::pair("meteora", call(1))), "");
  EXPECT_EQ(violations(both, std::pair("meteora", call(0))), "venue.intent_kept");
  VenueOrder other = call(0);
  other.amount_in = accepted_.amount_in.units;  // the sum of the legs
  EXPECT_EQ(violations(both, std::pair("raydium", other)), "venue.intent_kept");
  other = call(1);
  other.id = venue_order_id_of(id_, 1, 2);
  EXPECT_EQ(violations(both, std::pair("meteora", other)), "venue.intent_first");
}

TEST_F(SplitHistory, AFilledLegThatNoVenueSettled) {
  live();
  EXPECT_EQ(violations({settlement(0)}), "venue.confirmed_equal");
  Settlement other = settlement(1);
  ++other.amount_out;
  EXPECT_EQ(violations({settlement(0), other}), "venue.confirmed_equal");
}

TEST_F(SplitHistory, ASettledLegThatIsNotFilled) {
  build();
  add(filled(0));
  add(ended(1));
  add(sum<OrderPartiallyFilled>({0}));
  add(OrderCancelled{"default", "asked"});
  EXPECT_EQ(violations({settlement(0)}), "");
  EXPECT_EQ(violations({settlement(0), settlement(1)}), "venue.settled_confirmed");
}

}  // namespace
}  // namespace oee
