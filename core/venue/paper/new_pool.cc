#include "core/venue/paper/new_pool.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/venue/market_control.h"
#include "core/venue/paper/ledger/state.h"
#include "core/venue/pools/spot.h"
#include "core/venue/pools/tick_math.h"

namespace oee::paper {
namespace {

constexpr std::uint64_t stable_amplification = 100;
// The larger multiplier: the spot price of a stable pool is 4 parts in it above the exact one.
constexpr std::uint32_t multiplier_min = 1 << 12;
constexpr U128 normalized_max = U128(1) << 65;  // of a reserve: the program's numbers fit 128 bits

Error price_out_of_range() {
  return {Errc::invalid, "the price is out of range for a pool of this kind"};
}

// The amount of a that is worth amount_b at the price, rounded down.
std::optional<Units> amount_a_of(const NewPool& terms) {
  const U128 amount = U128(terms.amount_b) * terms.price.in / terms.price.out;
  return as_units(amount);
}

// --- Stable swap ---------------------------------------------------------------------------------

struct Multipliers {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
};

// The best fraction a / b for the price, by continued fractions, as exact as 32 bits and
// normalized_max let it be.
std::optional<Multipliers> multipliers_of(const NewPool& terms, Units amount_a) {
  const auto fits = [&](U128 a, U128 b) {
    return std::max(a, b) >> 32 == 0 && a * amount_a <= normalized_max &&
           b * terms.amount_b <= normalized_max;
  };
  U128 num = terms.price.out;
  U128 den = terms.price.in;
  U128 a = 1;
  U128 a_before = 0;
  U128 b = 0;
  U128 b_before = 1;
  while (den != 0) {
    const U128 whole = num / den;
    const U128 a_next = whole * a + a_before;
    const U128 b_next = whole * b + b_before;
    if (!fits(a_next, b_next)) break;
    a_before = std::exchange(a, a_next);
    b_before = std::exchange(b, b_next);
    num = std::exchange(den, num - whole * den);
  }
  while (fits(2 * a, 2 * b)) {
    a *= 2;
    b *= 2;
  }
  if (a == 0 || b == 0 || std::max(a, b) < multiplier_min) return std::nullopt;
  return Multipliers{static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)};
}

Result<oee::PoolState> stable_swap(const NewPool& terms, Units amount_a) {
  const auto multipliers = multipliers_of(terms, amount_a);
  if (!multipliers) return price_out_of_range();
  StableSwapPool pool;
  pool.reserve_a = amount_a;
  pool.reserve_b = terms.amount_b;
  pool.amplification = stable_amplification;
  pool.multiplier_a = multipliers->a;
  pool.multiplier_b = multipliers->b;
  pool.fee_per_million = terms.fee_per_million;
  return oee::PoolState(pool);
}

// --- Bins ----------------------------------------------------------------------------------------

// The bin whose price is nearest to the price of the terms, in steps.
std::int32_t nearest_bin(const SpotPrice& price, std::uint16_t step) {
  // below: bin price <= price
  const auto below = [&](std::int32_t id) {
    const auto of_bin = bin_price(id, step);
    if (!of_bin) return id < 0;
    return !((Wide(price.out) * Wide(U128(1) << 64)) < Wide(*of_bin) * Wide(price.in));
  };
  std::int32_t low = -bin_id_max;
  std::int32_t high = bin_id_max;
  while (high - low > 1) {
    const std::int32_t middle = low + (high - low) / 2;
    (below(middle) ? low : high) = middle;
  }
  // Half a step above the lower one: twice the price against the sum of both.
  const auto low_price = bin_price(low, step);
  const auto high_price = bin_price(high, step);
  if (!low_price || !high_price) return low;
  const Wide twice = Wide(price.out) * Wide(U128(1) << 65);
  return twice < (Wide(*low_price) + Wide(*high_price)) * Wide(price.in) ? low : high;
}

Result<oee::PoolState> bins(const NewPool& terms) {
  BinPool pool;
  pool.step =
      static_cast<std::uint16_t>(std::clamp<std::uint32_t>(terms.fee_per_million / 100, 1, 400));
  // base fee = base_factor * step * 10 per 10^9 = fee_per_million per 10^6
  pool.fees.base_factor = static_cast<std::uint16_t>(terms.fee_per_million * 100 / pool.step);
  pool.fees.filter_period = 30;
  pool.fees.decay_period = 600;
  pool.fees.reduction_factor = 5'000;
  pool.fees.variable_fee_control = 7'500;
  pool.fees.accumulator_max = 150'000;
  pool.active_id = nearest_bin(terms.price, pool.step);
  if (pool.active_id < -bin_id_max + bins_each_side || pool.active_id > bin_id_max - bins_each_side)
    return price_out_of_range();
  pool.volatility.index_reference = pool.active_id;
  const Units share = terms.amount_b / (bins_each_side + 1);
  for (std::int32_t id = pool.active_id - bins_each_side; id <= pool.active_id + bins_each_side;
       ++id) {
    const auto price = bin_price(id, pool.step);
    if (!price) return price_out_of_range();
    Bin bin;
    bin.id = id;
    if (id <= pool.active_id) bin.amount_b = share;
    if (id == pool.active_id) bin.amount_b += terms.amount_b % (bins_each_side + 1);
    if (id >= pool.active_id) {
      const auto worth = as_units((U128(share) << 64) / *price);
      if (!worth || *worth == 0 || *worth > pool_side_max / (bins_each_side + 1))
        return price_out_of_range();
      bin.amount_a = *worth;
    }
    pool.bins.push_back(bin);
  }
  return at_height(std::move(pool), terms.height);
}

// --- Ticks ---------------------------------------------------------------------------------------

struct Range {
  std::int32_t reach;  // ticks on each side
  std::uint32_t weight;
};
constexpr Range ranges[] = {{46'052, 1}, {4'000, 2}, {600, 6}};  // 1.0001^46,052 = 100

// floor(sqrt(price) * 2^64). Empty: out of the range of ticks.
std::optional<U128> sqrt_price_of(const SpotPrice& price) {
  const Wide square = Wide(price.out) * Wide(U128(1) << 64) * Wide(U128(1) << 64);
  const auto at_most = [&](U128 root) {
    return !(square < Wide(root) * Wide(root) * Wide(price.in));
  };
  if (!at_most(sqrt_price_min) || at_most(sqrt_price_max)) return std::nullopt;
  U128 low = sqrt_price_min;
  U128 high = sqrt_price_max;
  while (high - low > 1) {
    const U128 middle = low + (high - low) / 2;
    (at_most(middle) ? low : high) = middle;
  }
  return low;
}

Result<oee::PoolState> ticks(const NewPool& terms) {
  TickPool pool;
  const auto root = sqrt_price_of(terms.price);
  if (!root) return price_out_of_range();
  pool.sqrt_price = *root;
  pool.tick = tick_at(*root);
  pool.fee_per_million = terms.fee_per_million;
  if (pool.tick < -tick_max + ranges[0].reach || pool.tick >= tick_max - ranges[0].reach) {
    return price_out_of_range();
  }
  // amount_b = sum of liquidity * (sqrt_price - that of the range's low end) / 2^64
  U128 depth = 0;
  for (const Range& range : ranges)
    depth += (pool.sqrt_price - sqrt_price_at(pool.tick - range.reach)) * range.weight;
  const auto unit = mul_div(terms.amount_b, U128(1) << 64, depth, Rounding::down);
  if (!unit || *unit == 0 || *unit >> 100 != 0) return price_out_of_range();
  std::vector<Tick> above;
  for (const Range& range : ranges) {
    const auto liquidity = static_cast<I128>(*unit * range.weight);
    pool.ticks.push_back({pool.tick - range.reach, liquidity});
    above.insert(above.begin(), Tick{pool.tick + 1 + range.reach, -liquidity});
    pool.liquidity += static_cast<U128>(liquidity);
  }
  pool.ticks.insert(pool.ticks.end(), above.begin(), above.end());
  return oee::PoolState(std::move(pool));
}

}  // namespace

Result<NewPoolState> new_pool(const NewPool& terms) {
  check(terms.price.out > 0 && terms.price.in > 0 && terms.amount_b >= pool_side_min &&
            terms.amount_b <= pool_side_max && terms.fee_per_million <= 100'000,
        "new_pool: terms out of range");
  NewPoolState opened;
  opened.first.venue = terms.venue;
  opened.first.a = terms.a;
  opened.first.b = terms.b;
  opened.first.amount_b = terms.amount_b;
  auto amount_a = amount_a_of(terms);
  if (!amount_a || *amount_a < pool_side_min || *amount_a > pool_side_max) {
    return Error{Errc::invalid,
                 "at this price the pool would hold less than 10^6 or more than "
                 "2^62 base units of " +
                     std::string(terms.a.symbol.view())};
  }
  std::optional<Result<oee::PoolState>> shape;
  if (terms.kind == PoolKind::stable_swap) shape = stable_swap(terms, *amount_a);
  if (terms.kind == PoolKind::bins) shape = bins(terms);
  if (terms.kind == PoolKind::ticks) shape = ticks(terms);
  if (shape) {
    if (!*shape) return shape->error();
    for (const Direction direction : {Direction::a_to_b, Direction::b_to_a})
      if (spot_price(**shape, direction).out == 0) return price_out_of_range();
    // A range of ticks owes at most a unit less for each tick than the rounded sums show.
    const Units rounding = terms.kind == PoolKind::ticks ? 2 * std::size(ranges) : 0;
    if (terms.kind != PoolKind::stable_swap) amount_a = amounts_held(**shape).a + rounding;
    opened.shape = std::make_shared<const oee::PoolState>(**std::move(shape));
  }
  opened.first.amount_a = *amount_a;
  return opened;
}

}  // namespace oee::paper
