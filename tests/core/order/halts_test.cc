// The fold of the halts and their scopes.
#include "core/order/halts.h"

#include <gtest/gtest.h>

#include "core/order/decide.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

const HaltTerms swap{"desk", "SOL", "USDC"};

Record record_of(Version version, Event event) {
  Record record;
  record.seq = 100 + version;
  record.version = version;
  record.event = std::move(event);
  return record;
}

TEST(Halts, AScopeCoversItsOrdersAndNoOthers) {
  const auto covers = [](HaltScope scope, const char* value) {
    return Halts::of(std::vector{record_of(1, TradingHalted{scope, value, "ops", "why"})})
               .find(swap) != nullptr;
  };
  EXPECT_TRUE(covers(HaltScope::all, ""));
  EXPECT_TRUE(covers(HaltScope::account, "desk"));
  EXPECT_FALSE(covers(HaltScope::account, "SOL"));
  EXPECT_TRUE(covers(HaltScope::token, "SOL"));
  EXPECT_TRUE(covers(HaltScope::token, "USDC"));
  EXPECT_FALSE(covers(HaltScope::token, "BONK"));
  EXPECT_FALSE(covers(HaltScope::venue, "raydium"));
}

TEST(Halts, AVenueIsHaltedByItsOwnScopeAlone) {
  const Halts halts = Halts::of(
      std::vector{record_of(1, TradingHalted{HaltScope::venue, "raydium", "ops", "why"})});
  EXPECT_EQ(halts.find_venue("raydium")->id, 101U);
  EXPECT_EQ(halts.find_venue("meteora"), nullptr);
  EXPECT_FALSE(halts.all());
}

TEST(Halts, AResumptionEndsOneHaltAndRecordsSeenBeforeChangeNothing) {
  const std::vector records{record_of(1, TradingHalted{HaltScope::all, "", "ops", "first"}),
                            record_of(2, TradingHalted{HaltScope::all, "", "ops", "second"}),
                            record_of(3, TradingResumed{101, "ops", "over"})};
  Halts halts = Halts::of(records);
  for (const Record& again : records) halts.take(again);
  Record of_order;
  of_order.order_id = test::order_id(1);
  of_order.version = 9;
  of_order.event = test::accepted_event();
  halts.take(of_order);
  EXPECT_EQ(halts.version(), 3U);
  ASSERT_EQ(halts.in_force().size(), 1U);
  EXPECT_EQ(halts.find(swap)->why, "second");
  EXPECT_TRUE(halts.all());
  EXPECT_EQ(check_trading(halts, TradingResumed{101}).error().code, Errc::not_found);
  EXPECT_TRUE(check_trading(halts, TradingResumed{102}).ok());
}

TEST(Halts, AHaltForAnotherReasonIsAnotherRequest) {
  HaltTrading command{.value = {}, .by = "ops", .why = "depeg", .idempotency_key = "k"};
  const Hash256 first = keys_of(event_of(command)).fingerprint;
  EXPECT_EQ(keys_of(event_of(command)).fingerprint, first);
  command.why = "the venue is down";
  EXPECT_NE(keys_of(event_of(command)).fingerprint, first);
}

TEST(Halts, TheTextNamesWhoSinceWhenAndWhy) {
  Halt halt{7, HaltScope::token, "SOL", "ops", "depeg", WallTime(Micros(1'780'000'000'000'000))};
  EXPECT_EQ(to_text(halt), "trading of token SOL is halted by ops since " +
                               format_rfc3339(halt.since) + ": depeg");
  halt.scope = HaltScope::all;
  EXPECT_EQ(to_text(halt).find("trading is halted by ops"), 0U);
}

TEST(Halts, TheirNumberIsBounded) {
  Halts halts;
  for (Version version = 1; version <= halts_max; ++version)
    halts.take(record_of(version, TradingHalted{HaltScope::all, "", "ops", "why"}));
  EXPECT_EQ(check_trading(halts, TradingHalted{}).error().code, Errc::full);
}

}  // namespace
}  // namespace oee
