#include "core/venue/pools/price_limit.h"

#include <gtest/gtest.h>

#include "tests/core/venue/pools/sample_pools.h"

namespace oee {
namespace {

TEST(PriceLimit, IsThePriceInBaseUnits) {
  // 149.5 USDC (6 decimals) for a SOL (9): 1,495 * 10^6 for 10 * 10^9 units.
  const PriceLimit limit = PriceLimit::of({1'495, 1}, 9, 6);
  EXPECT_TRUE(limit.holds(1'000'000'000, 149'500'000));
  EXPECT_FALSE(limit.holds(1'000'000'000, 149'499'999));
  EXPECT_FALSE(limit.holds(1'000'000'001, 149'500'000));
  EXPECT_EQ(limit.most_in(149'500'000), 1'000'000'000u);
  EXPECT_EQ(limit.most_in(149'500'001), 1'000'000'006u);
}

TEST(PriceLimit, ExtremesDoNotOverflow) {
  const PriceLimit high = PriceLimit::of({~Units{0}, 0}, 0, 18);
  EXPECT_FALSE(high.holds(~Units{0}, ~Units{0}));
  EXPECT_EQ(high.most_in(~Units{0}), 0u);
  const PriceLimit low = PriceLimit::of({1, 18}, 18, 0);
  EXPECT_TRUE(low.holds(~Units{0}, 1));
  EXPECT_EQ(low.most_in(1), ~Units{0});
  EXPECT_TRUE(PriceLimit{}.holds(5, 0));
}

// All amounts are tried.
TEST(PriceLimit, TheLargestAmountEqualsExhaustiveSearch) {
  int holding = 0;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SamplePools sample(seed);
    // The stable curve wavers by one unit, so its output falls in places; the others never do.
    const int kinds[] = {0, 2, 3};
    const PoolCurve curve(sample.pool(kinds[sample.below(3)], 50 + sample.below(3'000)),
                          sample.below(2) == 0 ? Direction::a_to_b : Direction::b_to_a);
    const PriceLimit limit{1 + sample.below(200), 1 + sample.below(200)};
    const Units most = 1 + sample.below(3'000);
    Units best = 0;
    for (Units in = 1; in <= most; ++in) {
      if (curve.out(in) > 0 && limit.holds(in, curve.out(in))) best = in;
    }
    const auto out = [&](Units in) { return curve.out(in); };
    ASSERT_EQ(largest_in(out, limit, most), best);
    if (best > 0 && best < most) ++holding;
  }
  EXPECT_GT(holding, 100);  // limits that bind
}

TEST(PriceLimit, ATighterLimitNeverGivesMoreAndTheResultHolds) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SamplePools sample(seed);
    const PoolState pool = sample.any(Units{1'000} << sample.below(40));
    const PoolCurve curve(pool, Direction::a_to_b);
    const auto out = [&](Units in) { return curve.out(in); };
    const Units most = curve.capacity() / 2 + 1;
    Units before = ~Units{0};
    for (std::uint32_t percent = 20; percent < 400; percent += 7) {
      const PriceLimit limit{percent, 100};
      const Units in = largest_in(out, limit, most);
      ASSERT_LE(in, before);
      ASSERT_TRUE(in == 0 || limit.holds(in, curve.out(in)));
      before = in;
    }
  }
}

}  // namespace
}  // namespace oee
