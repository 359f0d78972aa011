#include "tests/core/venue/pools/sample_pools.h"

#include <algorithm>
#include <bit>

#include "core/venue/pools/tick_math.h"

namespace oee {
namespace {

// The greatest id whose price is at most price_percent / 100.
std::int32_t bin_at(std::uint16_t step, std::uint32_t price_percent) {
  std::int32_t low = -5'000;
  std::int32_t high = 5'000;
  while (high - low > 1) {
    const std::int32_t middle = low + (high - low) / 2;
    const U128 price = bin_price(middle, step).value_or(middle < 0 ? U128(0) : ~U128(0));
    (price <= (U128(price_percent) << 64) / 100 ? low : high) = middle;
  }
  return low;
}

BinPool bins_near(std::uint16_t step, std::int32_t active, Units each, SamplePools& sample) {
  BinPool pool;
  pool.step = step;
  pool.active_id = active;
  pool.fees = {static_cast<std::uint16_t>(1'000 + sample.below(20'000)), 0,      10, 120, 5'000,
               static_cast<std::uint32_t>(sample.below(60'000)),         150'000};
  pool.volatility = {0, 0, active, 0};
  pool.time = 1'000;
  for (std::int32_t id = active - 15; id <= active + 15; ++id) {
    if (id != active && sample.below(8) == 0) continue;  // a gap
    const Units amount = 1 + each / 2 + sample.below(each);
    pool.bins.push_back({id, id >= active ? amount : 0, id <= active ? amount : 0});
  }
  return pool;
}

// The greatest tick whose price is at most price_percent / 100.
std::int32_t tick_of(std::uint32_t price_percent) {
  std::int32_t low = -100'000;
  std::int32_t high = 100'000;
  while (high - low > 1) {
    const std::int32_t middle = low + (high - low) / 2;
    const U128 root = sqrt_price_at(middle) >> 32;
    (root * root <= (U128(price_percent) << 64) / 100 ? low : high) = middle;
  }
  return low;
}

TickPool ticks_near(std::uint32_t price_percent, Units size, SamplePools& sample) {
  TickPool pool;
  const std::int32_t tick = tick_of(price_percent);
  pool.tick = tick;
  pool.sqrt_price = sqrt_price_at(tick) + sample.below(1'000'000'000);
  pool.fee_per_million = static_cast<std::uint32_t>(100 + sample.below(5'000));
  // Nested ranges around the price. The widest one holds most, so that the price meets no gap.
  I128 total = 0;
  std::vector<Tick> upper;
  for (const std::int32_t reach : {6'000, 1'500, 400, 90}) {
    const I128 liquidity = static_cast<I128>(1 + size / 2 + sample.below(size));
    const auto skew = static_cast<std::int32_t>(sample.below(50));
    pool.ticks.push_back({tick - reach - skew, liquidity});
    upper.insert(upper.begin(), Tick{tick + reach + 1 + skew, -liquidity});
    total += liquidity;
  }
  pool.ticks.insert(pool.ticks.end(), upper.begin(), upper.end());
  pool.liquidity = static_cast<U128>(total);
  return pool;
}

}  // namespace

Units SamplePools::amount(Units most) {
  const int bits = std::bit_width(most);
  const Units top = Units{1} << below(static_cast<std::uint64_t>(bits));
  return std::min(most, top + below(top));
}

PoolState SamplePools::pool(int kind, Units size, std::uint32_t price_percent) {
  const auto fee = static_cast<std::uint32_t>(100 + below(5'000));
  const Units a = size / 2 + below(size) + 1;
  const Units b = static_cast<Units>(U128(a) * price_percent / 100) + 1;
  switch (kind) {
    case 0:
      return ConstantProductPool{a, b, fee};
    case 1:
      return StableSwapPool{a, size / 2 + below(size) + 1, 1 + below(500), 1, 1, fee};
    case 2: {
      const std::uint16_t steps[] = {1, 10, 25, 80};
      const std::uint16_t step = steps[below(4)];
      return bins_near(step, bin_at(step, price_percent), std::max<Units>(1, size / 16), *this);
    }
    default:
      return ticks_near(price_percent, size, *this);
  }
}

}  // namespace oee
