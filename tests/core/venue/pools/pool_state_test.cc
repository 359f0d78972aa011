// Properties of every kind of pool.
#include "core/venue/pools/pool_state.h"

#include <gtest/gtest.h>

#include "tests/core/venue/pools/sample_pools.h"

namespace oee {
namespace {

constexpr Direction directions[] = {Direction::a_to_b, Direction::b_to_a};

class EveryPool : public testing::TestWithParam<int> {
 protected:
  // Calls `test(pool, direction, sample)` for random pools of all sizes.
  template <class Test>
  void for_pools(int seeds, const Test& test) {
    for (int seed = 1; seed <= seeds; ++seed) {
      SamplePools sample(static_cast<std::uint64_t>(seed));
      const Units size = Units{16} << sample.below(46);
      const auto price = static_cast<std::uint32_t>(20 + sample.below(400));
      const PoolState pool = sample.pool(GetParam(), size, price);
      for (const Direction direction : directions) {
        SCOPED_TRACE(std::string(kind_of(pool)) + " seed " + std::to_string(seed) +
                     (direction == Direction::a_to_b ? " a_to_b" : " b_to_a"));
        test(pool, direction, sample);
        if (HasFatalFailure()) return;
      }
    }
  }
  // Newton's method may stop one unit early: StableSwapCurve.
  Units wavering() const { return GetParam() == 1 ? 1 : 0; }
};

TEST_P(EveryPool, TheCurveGivesTheOutputOfTheSwap) {
  for_pools(300, [](const PoolState& pool, Direction direction, SamplePools& sample) {
    const PoolCurve curve(pool, direction);
    for (int i = 0; i < 20; ++i) {
      const Units in =
          sample.amount(std::max<Units>(1, std::min<Units>(curve.capacity(), ~Units{0} / 4) * 2));
      const auto swap = swap_exact_in(pool, direction, in);
      if (swap.ok()) {
        ASSERT_EQ(curve.out(in), swap->amount_out) << in;
        ASSERT_EQ(swap->amount_in, in);
        ASSERT_LE(swap->fee, in);
      } else if (swap.error().code == Errc::full) {
        ASSERT_GT(in, curve.capacity());
      } else {
        ASSERT_EQ(curve.out(in), 0u) << in;
      }
    }
  });
}

TEST_P(EveryPool, TheCapacityIsTheLargestInput) {
  for_pools(100, [](const PoolState& pool, Direction direction, SamplePools&) {
    const Units most = PoolCurve(pool, direction).capacity();
    ASSERT_GT(most, 0u);
    const auto all = swap_exact_in(pool, direction, most);
    ASSERT_TRUE(all.ok() || all.error().code == Errc::invalid) << all.error().detail;
    // One unit more may still be lost in the rounding of the fee; two never.
    if (most <= ~Units{0} - 2) {
      ASSERT_EQ(swap_exact_in(pool, direction, most + 2).error().code, Errc::full);
    }
  });
}

TEST_P(EveryPool, MoreInNeverGivesLessOut) {
  for_pools(300, [this](const PoolState& pool, Direction direction, SamplePools& sample) {
    const PoolCurve curve(pool, direction);
    for (int i = 0; i < 20; ++i) {
      const Units less = sample.amount(curve.capacity() / 2 + 1);
      const Units more = less + sample.amount(curve.capacity() / 2 + 1);
      ASSERT_LE(curve.out(less), curve.out(more) + wavering()) << less << " " << more;
    }
  });
}

TEST_P(EveryPool, TheLeastInputYieldsTheOutputAndOneLessDoesNot) {
  for_pools(300, [this](const PoolState& pool, Direction direction, SamplePools& sample) {
    const PoolCurve curve(pool, direction);
    const Units all = curve.out(curve.capacity());
    for (int i = 0; i < 10 && all > 0; ++i) {
      const Units out = sample.amount(all - (GetParam() <= 1 ? all / 4 : 0));
      const auto in = curve.least_in(out);
      ASSERT_TRUE(in.has_value()) << out;
      ASSERT_GE(curve.out(*in), out);
      ASSERT_LT(curve.out(*in - 1), out);
      const auto swap = swap_exact_out(pool, direction, out);
      ASSERT_TRUE(swap.ok()) << swap.error().detail;
      ASSERT_EQ(swap->amount_in, *in);
      // The input that pays the output of an exact input is at most that input.
      const Units given = sample.amount(curve.capacity());
      const Units got = curve.out(given);
      if (got > wavering()) {
        ASSERT_LE(*curve.least_in(got - wavering()), given);
      }
    }
    ASSERT_EQ(curve.least_in(all + 1), std::nullopt);
  });
}

TEST_P(EveryPool, ThereAndBackNeverGains) {
  for_pools(300, [](const PoolState& pool, Direction direction, SamplePools& sample) {
    const Units most = PoolCurve(pool, direction).capacity();
    for (int i = 0; i < 5; ++i) {
      PoolState traded = pool;
      const Units in = sample.amount(std::min<Units>(most, ~Units{0} / 4));
      const auto there = trade_exact_in(traded, direction, in);
      if (!there.ok()) continue;
      const auto back = trade_exact_in(traded, reverse(direction), there->amount_out);
      if (back.ok()) {
        ASSERT_LE(back->amount_out, in) << in;
      }
    }
  });
}

TEST_P(EveryPool, TwoSwapsInARowGiveNoMoreThanOne) {
  for_pools(300, [this](const PoolState& pool, Direction direction, SamplePools& sample) {
    const Units most = PoolCurve(pool, direction).capacity();
    const Units first = sample.amount(std::min<Units>(most / 2 + 1, ~Units{0} / 8));
    const Units second = sample.amount(std::min<Units>(most / 2 + 1, ~Units{0} / 8));
    const auto whole = swap_exact_in(pool, direction, first + second);
    PoolState traded = pool;
    const auto one = trade_exact_in(traded, direction, first);
    const auto two = trade_exact_in(traded, direction, second);
    if (!whole.ok() || !one.ok() || !two.ok()) return;
    // Fees of constant-product and stable pools stay in the pool, where the second swap trades
    // against them; fees and outputs round in every swap.
    const Units rounding = 2 + (GetParam() <= 1 ? one->fee + two->fee : 0);
    ASSERT_LE(one->amount_out + two->amount_out, whole->amount_out + wavering() + rounding);
  });
}

TEST_P(EveryPool, AnErrorLeavesThePoolAsItWas) {
  for_pools(100, [](const PoolState& pool, Direction direction, SamplePools&) {
    PoolState traded = pool;
    ASSERT_EQ(trade_exact_in(traded, direction, 0).error().code, Errc::invalid);
    ASSERT_EQ(traded, pool);
    const auto all = trade_exact_in(traded, direction, ~Units{0});
    if (!all.ok()) {
      ASSERT_EQ(traded, pool);
    }
  });
}

TEST_P(EveryPool, StatesStayValidThroughTrades) {
  for_pools(100, [](const PoolState& pool, Direction direction, SamplePools& sample) {
    ASSERT_TRUE(validate(pool).ok()) << validate(pool).error().detail;
    PoolState traded = pool;
    for (int i = 0; i < 10; ++i) {
      const Direction next = sample.below(2) == 0 ? direction : reverse(direction);
      const Units most = PoolCurve(traded, next).capacity();
      if (most == 0) continue;
      const auto swap = trade_exact_in(traded, next, sample.amount(std::min(most, ~Units{0} / 4)));
      if (!swap.ok()) continue;
      ASSERT_TRUE(validate(traded).ok()) << validate(traded).error().detail;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryPool, testing::Range(0, SamplePools::kinds),
                         [](const auto& kind) {
                           return std::string(kind_of(SamplePools(1).pool(kind.param, 1'000)));
                         });

TEST(PoolState, FaultsOfStatesFromOutsideAreNamed) {
  const auto fault = [](const PoolState& pool) { return validate(pool).error().detail; };
  EXPECT_EQ(fault(ConstantProductPool{1, 1, 1'000'000}), "the fee takes the whole amount");
  EXPECT_EQ(fault(StableSwapPool{1, 1, 0, 1, 1, 0}), "the amplification is out of range");
  EXPECT_EQ(fault(StableSwapPool{1, 1, 1, 0, 1, 0}), "a multiplier is zero");
  BinPool bins;
  bins.bins = {{1, 1, 0}, {1, 1, 0}};
  EXPECT_EQ(fault(bins), "the bins are not in order");
  bins.bins = {{bin_id_max + 1, 1, 0}};
  EXPECT_EQ(fault(bins), "the bins are not in order");
  bins.step = 401;
  EXPECT_EQ(fault(bins), "the step is out of range");
  bins = {};
  bins.time = -1;
  EXPECT_EQ(fault(bins), "a time is negative");
  TickPool ticks;
  EXPECT_EQ(fault(ticks), "the price is not that of the tick");
  ticks.sqrt_price = U128(1) << 64;
  EXPECT_TRUE(validate(ticks).ok());
  ticks.tick = -1;  // as after the tick at the price was crossed downwards
  EXPECT_TRUE(validate(ticks).ok());
  ticks.tick = -2;
  EXPECT_EQ(fault(ticks), "the price is not that of the tick");
  ticks.tick = 0;
  ticks.ticks = {{5, 1}, {4, -1}};
  EXPECT_EQ(fault(ticks), "the ticks are not in order");
}

}  // namespace
}  // namespace oee
