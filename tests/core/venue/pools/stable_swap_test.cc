#include "core/venue/pools/stable_swap.h"

#include <gtest/gtest.h>

#include "core/venue/pools/pool_state.h"

namespace oee {
namespace {

struct Golden {
  StableSwapPool pool;  // a is sold
  Units amount_in;
  Units amount_out;
  Units fee;
};

// Computed with unbounded integers by the program's formulas. They cover reserves in and out of
// balance, tokens of different decimals and both ends of the amplification.
constexpr Golden golden[] = {
    {{50'000'000'000'000, 48'000'000'000'000, 100, 1, 1, 100}, 1'000'000'000, 999'495'466, 100'000},
    {{50'000'000'000'000, 48'000'000'000'000, 100, 1, 1, 100},
     30'000'000'000'000,
     29'684'253'490'005,
     3'000'000'000},
    {{7'000'000'000, 3'000'000'000'000'000'000, 2'000, 1'000'000'000, 1, 40},
     250'000'000,
     249'831'604'476'561'632,
     10'000},
    {{3'000'000'000'000'000'000, 7'000'000'000, 2'000, 1, 1'000'000'000, 40},
     250'000'000'000'000'000,
     250'117'111,
     10'000'000'000'000},
    {{1'000'000, 1'000'000, 1, 1, 1, 0}, 1'000, 999, 0},
    {{12'345, 999'999'999, 85, 1, 1, 3'000}, 777, 26'861'443, 2},
    {{1'000'000'000'000'000, 1'000'000'000, 500, 1, 1, 100},
     1'000'000'000'000,
     2'172'979,
     100'000'000},
    {{5'000'000'000'000'000'000, 3'333'333'333'333'333'333, 1'000, 1, 1, 50},
     100'000'000'000'000'000,
     99'948'568'533'310'141,
     5'000'000'000'000},
};

TEST(StableSwapPool, SwapsToTheUnit) {
  for (const Golden& row : golden) {
    SCOPED_TRACE(row.amount_in);
    StableSwapPool pool = row.pool;
    const auto swap = trade_exact_in(pool, Direction::a_to_b, row.amount_in);
    ASSERT_TRUE(swap.ok()) << swap.error().detail;
    EXPECT_EQ(*swap, (PoolSwap{row.amount_in, row.amount_out, row.fee}));
    EXPECT_EQ(pool.reserve_a, row.pool.reserve_a + row.amount_in);
    EXPECT_EQ(pool.reserve_b, row.pool.reserve_b - row.amount_out);
  }
}

TEST(StableSwapPool, TheSmallestFeeIsOneUnit) {
  const PoolState pool = StableSwapPool{1'000'000, 1'000'000, 100, 1, 1, 30};
  EXPECT_EQ(swap_exact_in(pool, Direction::a_to_b, 100)->fee, 1u);
  EXPECT_EQ(swap_exact_in(pool, Direction::a_to_b, 1).error().detail, "the trade rounds to zero");
}

TEST(StableSwapPool, MoreAmplificationHoldsThePriceBetter) {
  Units before = 0;
  for (const std::uint64_t amplification : {1, 10, 100, 1'000, 10'000}) {
    const PoolState pool = StableSwapPool{1'000'000'000, 1'000'000'000, amplification, 1, 1, 0};
    const Units out = swap_exact_in(pool, Direction::b_to_a, 300'000'000)->amount_out;
    EXPECT_GT(out, before);
    EXPECT_LT(out, 300'000'000u);
    before = out;
  }
}

TEST(StableSwapPool, AReserveBeyondSixtyFourBitsIsFull) {
  const PoolState pool = StableSwapPool{~Units{0} - 10, ~Units{0}, 100, 1, 1, 0};
  EXPECT_EQ(swap_exact_in(pool, Direction::a_to_b, 11).error().code, Errc::full);
  EXPECT_TRUE(swap_exact_in(pool, Direction::a_to_b, 10).ok());
}

}  // namespace
}  // namespace oee
