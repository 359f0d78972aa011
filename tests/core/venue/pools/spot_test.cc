// Spot prices of every kind: an upper bound of every trade, and near the price of a small one.
#include "core/venue/pools/spot.h"

#include <gtest/gtest.h>

#include "tests/core/venue/pools/sample_pools.h"

namespace oee {
namespace {

constexpr Direction directions[] = {Direction::a_to_b, Direction::b_to_a};

TEST(SpotRatio, IsRoundedUpAndCloseInEveryRange) {
  for (const U128 out : {U128(1), U128(7), U128(1) << 62, (U128(1) << 100) + 3}) {
    for (const U128 in : {U128(1), U128(3), (U128(1) << 63) - 1, U128(1) << 90}) {
      const SpotPrice spot = spot_ratio(out, in);
      if (spot.out == ~Units{0}) {
        EXPECT_FALSE(Wide(out) < Wide(in) * Wide(U128(1) << 63)) << "above 2^63";
        continue;
      }
      EXPECT_FALSE(Wide(spot.out) * Wide(in) < Wide(out) * Wide(spot.in));
      EXPECT_TRUE(Wide(spot.out - 1) * Wide(in) < Wide(out) * Wide(spot.in));
    }
  }
}

TEST(SpotPrice, NoTradeIsPaidMoreAlsoWithoutItsFee) {
  for (int kind = 0; kind < SamplePools::kinds; ++kind) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
      SamplePools sample(seed);
      const Units size = Units{16} << sample.below(46);
      const PoolState pool = sample.pool(kind, size, 20 + static_cast<std::uint32_t>(seed));
      for (const Direction direction : directions) {
        SCOPED_TRACE(std::string(kind_of(pool)) + " seed " + std::to_string(seed));
        const SpotPrice spot = spot_price(pool, direction);
        const PoolAmounts held = amounts_held(pool);
        const Units most = PoolCurve(pool, direction).capacity();
        for (int i = 0; i < 30; ++i) {
          const Units in = i < 5 ? static_cast<Units>(i) + 1 : sample.amount(most);
          const auto swap = swap_exact_in(pool, direction, in);
          if (!swap) continue;
          const Units traded = in - swap->fee;
          ASSERT_LE(U128(swap->amount_out) * spot.in, U128(traded) * spot.out) << in;
          ASSERT_LE(swap->amount_out, direction == Direction::a_to_b ? held.b : held.a);
        }
      }
    }
  }
}

TEST(SpotPrice, IsThatOfASmallTrade) {
  for (int kind = 0; kind < SamplePools::kinds; ++kind) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      SamplePools sample(seed);
      PoolState pool = sample.pool(kind, Units{1} << 50, 100);
      if (auto* stable = std::get_if<StableSwapPool>(&pool))
        stable->multiplier_a = stable->multiplier_b = 1 << 14;
      for (const Direction direction : directions) {
        const SpotPrice spot = spot_price(pool, direction);
        const auto swap = swap_exact_in(pool, direction, Units{1} << 30);
        ASSERT_TRUE(swap.ok()) << swap.error().detail;
        const auto traded = static_cast<long double>(swap->amount_in - swap->fee);
        const long double paid = static_cast<long double>(swap->amount_out) / traded;
        const long double best = static_cast<long double>(spot.out) / spot.in;
        EXPECT_NEAR(static_cast<double>(paid / best), 1, 0.0003) << kind_of(pool) << seed;
      }
    }
  }
}

TEST(SpotPrice, APoolWithNothingToPayHasNone) {
  BinPool bins;
  bins.step = 10;
  bins.bins = {{0, 100, 0}};
  EXPECT_EQ(spot_price(bins, Direction::a_to_b).out, 0U);
  EXPECT_EQ(spot_price(bins, Direction::b_to_a), (SpotPrice{Units{1} << 62, Units{1} << 62}));
  EXPECT_EQ(spot_price(ConstantProductPool{0, 5, 0}, Direction::b_to_a).out, 0U);
  EXPECT_EQ(spot_price(StableSwapPool{0, 5, 100, 1, 1, 0}, Direction::b_to_a).out, 0U);
  TickPool ticks;
  ticks.sqrt_price = U128(1) << 64;
  EXPECT_EQ(spot_price(ticks, Direction::a_to_b).out, 0U);
}

}  // namespace
}  // namespace oee
