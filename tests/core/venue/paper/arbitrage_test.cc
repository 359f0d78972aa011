#include "core/venue/paper/arbitrage.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace oee::paper {
namespace {

std::uint64_t distance_ppb(std::uint64_t ratio_ppb) {
  return ratio_ppb > 1'000'000'000 ? ratio_ppb - 1'000'000'000 : 1'000'000'000 - ratio_ppb;
}

RC_GTEST_PROP(ArbitrageProperty, APoolOutsideItsFeeBandIsBroughtInsideAndOneInsideIsLeftAlone, ()) {
  ReferencePrice reference;
  reference.a = *rc::gen::inRange<Units>(1'000'000'000, 1'000'000'000'000'000'000);
  reference.b = *rc::gen::inRange<Units>(1'000'000'000, 1'000'000'000'000'000'000);
  reference.factor_ppm = *rc::gen::inRange<std::int64_t>(500'000, 2'000'000);
  PoolReserves pool{reference.a / 100 * *rc::gen::inRange<Units>(40, 400),
                    reference.b / 100 * *rc::gen::inRange<Units>(40, 400)};
  const auto fee = *rc::gen::inRange<std::uint32_t>(500, 10'000);
  const std::uint64_t before = distance_ppb(price_ratio_ppb(pool, reference));
  const auto trade = rebalance(pool, fee, reference);
  if (before <= fee * 1'000) {
    RC_ASSERT(!trade);
    return;
  }
  RC_ASSERT(trade.has_value());
  const PoolReserves after =
      after_swap(pool, trade->sells_a, trade->amount_in, trade->swap.amount_out);
  RC_ASSERT(U128(after.a) * after.b >= U128(pool.a) * pool.b);
  // Two bps of tolerance: the fee that stays in the pool moves the price a little too.
  const std::uint64_t reached = distance_ppb(price_ratio_ppb(after, reference));
  const bool far = before > 100'000'000;  // over 10 %: the fee is paid on a large trade
  if (!far) RC_ASSERT(reached <= fee * 1'000);
  RC_ASSERT(reached < before);
}

TEST(Arbitrage, ABpsMoveIsThatManyBpsAgainstTheSeller) {
  const PoolReserves pool{2'000'000'000'000'000, 300'000'000'000'000};
  ReferencePrice before;
  before.a = pool.a;
  before.b = pool.b;
  before.factor_ppm = 1'000'000;
  for (const bool seller_of_a : {true, false}) {
    const auto trade = move_against(pool, 2'000, seller_of_a, 200);
    ASSERT_TRUE(trade.has_value());
    EXPECT_EQ(trade->sells_a, seller_of_a);
    const auto after = after_swap(pool, trade->sells_a, trade->amount_in, trade->swap.amount_out);
    const std::uint64_t ratio = price_ratio_ppb(after, before);
    const std::uint64_t expected = seller_of_a ? 980'000'000 : 1'020'408'163;
    EXPECT_NEAR(static_cast<double>(ratio), static_cast<double>(expected), 50'000.0);
  }
}

}  // namespace
}  // namespace oee::paper
