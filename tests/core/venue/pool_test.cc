#include "core/venue/pool.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace oee {
namespace {

constexpr Units units_max = std::numeric_limits<Units>::max();

TEST(Pool, WorkedExampleGivesThePublishedNumbers) {
  const auto swap = swap_exact_in(50'000'000'000'000, 7'500'000'000'000, 2'500, 1'000'000'000);
  ASSERT_TRUE(swap.ok());
  EXPECT_EQ(swap->fee, 2'500'000u);
  EXPECT_EQ(swap->amount_out, 149'622'015u);
  EXPECT_EQ(swap->price_impact_bps, 0u);
}

TEST(Pool, FeeIsRoundedUpAndAZeroTradeIsRefused) {
  const auto swap = swap_exact_in(1'000, 1'000, 2'500, 1);
  ASSERT_FALSE(swap.ok());
  EXPECT_EQ(swap.error().code, Errc::invalid);
  EXPECT_EQ(swap.error().detail, "the trade rounds to zero");
}

TEST(Pool, EmptyPoolAndZeroAmountAreInvalid) {
  EXPECT_EQ(swap_exact_in(0, 1'000, 2'500, 10).error().code, Errc::invalid);
  EXPECT_EQ(swap_exact_in(1'000, 0, 2'500, 10).error().code, Errc::invalid);
  EXPECT_EQ(swap_exact_in(1'000, 1'000, 2'500, 0).error().code, Errc::invalid);
  EXPECT_EQ(swap_exact_in(1'000, 1'000, fee_unit, 10).error().code, Errc::invalid);
}

TEST(Pool, AReserveBeyondSixtyFourBitsIsFull) {
  EXPECT_EQ(swap_exact_in(units_max - 9, 1'000, 0, 10).error().code, Errc::full);
  EXPECT_TRUE(swap_exact_in(units_max - 10, units_max, 0, 10).ok());
  EXPECT_TRUE(swap_exact_in(1, units_max, 0, units_max - 1).ok());
}

TEST(Pool, PriceImpactExcludesTheFee) {
  // A tenth of the pool after a fee of half: 1,000 / 11,000 = 909 bps.
  const auto swap = swap_exact_in(10'000, 1'000'000, 500'000, 2'000);
  ASSERT_TRUE(swap.ok());
  EXPECT_EQ(swap->fee, 1'000u);
  EXPECT_EQ(swap->price_impact_bps, 909u);
}

struct Reserves {
  Units in;
  Units out;
  std::uint32_t fee;
};

Reserves any_reserves() {
  // All magnitudes are equally likely, not only numbers near 2^64.
  auto magnitude = [] { return *rc::gen::inRange<int>(1, 64); };
  auto amount = [&magnitude] {
    const Units top = Units{1} << magnitude();
    return *rc::gen::inRange<Units>(1, top) + 1;
  };
  return {amount(), amount(), *rc::gen::inRange<std::uint32_t>(0, 100'001)};
}

Units any_amount(Units room) {
  const Units top = std::min(room, Units{1} << *rc::gen::inRange<int>(1, 64));
  return *rc::gen::inRange<Units>(0, top) + 1;
}

RC_GTEST_PROP(PoolProperty, TheConstantProductNeverShrinks, ()) {
  const Reserves pool = any_reserves();
  RC_PRE(pool.in < units_max - 1);
  const Units in = any_amount(units_max - pool.in - 1);
  const auto swap = swap_exact_in(pool.in, pool.out, pool.fee, in);
  if (!swap.ok()) {
    RC_ASSERT(swap.error().code == Errc::invalid);
    return;
  }
  RC_ASSERT(swap->amount_out < pool.out);
  RC_ASSERT(swap->fee <= in);
  RC_ASSERT(U128(pool.in + in) * (pool.out - swap->amount_out) >= U128(pool.in) * pool.out);
}

RC_GTEST_PROP(PoolProperty, MoreInNeverGivesLessOut, ()) {
  const Reserves pool = any_reserves();
  RC_PRE(pool.in < units_max / 2);
  const Units less = any_amount(units_max / 4);
  const Units more = less + any_amount(units_max / 4);
  const auto small = swap_exact_in(pool.in, pool.out, pool.fee, less);
  const auto large = swap_exact_in(pool.in, pool.out, pool.fee, more);
  RC_PRE(small.ok());
  RC_ASSERT(large.ok());
  RC_ASSERT(large->amount_out >= small->amount_out);
  RC_ASSERT(large->price_impact_bps >= small->price_impact_bps);
}

RC_GTEST_PROP(PoolProperty, ThereAndBackNeverGains, ()) {
  const Reserves pool = any_reserves();
  RC_PRE(pool.in < units_max / 2);
  const Units in = any_amount(units_max / 4);
  const auto there = swap_exact_in(pool.in, pool.out, pool.fee, in);
  RC_PRE(there.ok());
  const auto back =
      swap_exact_in(pool.out - there->amount_out, pool.in + in, pool.fee, there->amount_out);
  if (back.ok()) RC_ASSERT(back->amount_out <= in);
}

}  // namespace
}  // namespace oee
