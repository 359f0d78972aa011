#include "core/venue/pools/spot.h"

#include <bit>
#include <limits>

namespace oee {
namespace {

constexpr int ratio_bits = 63;
constexpr SpotPrice nothing_paid{0, 1};

Wide power_of_two(int exponent) {
  return Wide(U128(1) << exponent);
}

int width(U128 value) {
  const auto high = static_cast<std::uint64_t>(value >> 64);
  const int bits = high != 0 ? 64 : 0;
  return bits +
         static_cast<int>(std::bit_width(high != 0 ? high : static_cast<std::uint64_t>(value)));
}

SpotPrice spot_of(const ConstantProductPool& pool, Direction direction) {
  if (pool.reserve_a == 0 || pool.reserve_b == 0) return nothing_paid;
  return direction == Direction::a_to_b ? SpotPrice{pool.reserve_b, pool.reserve_a}
                                        : SpotPrice{pool.reserve_a, pool.reserve_b};
}

SpotPrice spot_of(const StableSwapPool& pool, Direction direction) {
  const auto slope = StableSwapCurve(pool, direction).slope();
  return slope ? spot_ratio(slope->out, slope->in) : nothing_paid;
}

// The first bin that pays, from the active one on. Null: none.
const Bin* paying_bin(const BinPool& pool, Direction direction) {
  if (direction == Direction::a_to_b) {
    for (auto bin = pool.bins.rbegin(); bin != pool.bins.rend(); ++bin)
      if (bin->id <= pool.active_id && bin->amount_b > 0) return &*bin;
    return nullptr;
  }
  for (const Bin& bin : pool.bins)
    if (bin.id >= pool.active_id && bin.amount_a > 0) return &bin;
  return nullptr;
}

SpotPrice spot_of(const BinPool& pool, Direction direction) {
  const Bin* bin = paying_bin(pool, direction);
  const auto price = bin ? bin_price(bin->id, pool.step) : std::nullopt;
  if (!price) return nothing_paid;
  return direction == Direction::a_to_b ? spot_ratio(*price, power_of_two(64))
                                        : spot_ratio(power_of_two(64), *price);
}

SpotPrice spot_of(const TickPool& pool, Direction direction) {
  const TickCurve curve(pool, direction);
  if (curve.out(curve.capacity()) == 0) return nothing_paid;
  const Wide price = Wide(pool.sqrt_price) * Wide(pool.sqrt_price);
  const Wide one = power_of_two(64) * power_of_two(64);
  return direction == Direction::a_to_b ? spot_ratio(price, one) : spot_ratio(one, price);
}

template <class Curve, class Pool>
Units paid_by_all(const Pool& pool, Direction direction) {
  const Curve curve(pool, direction);
  return curve.out(curve.capacity());
}

}  // namespace

SpotPrice spot_ratio(const Wide& out, const Wide& in) {
  const auto scaled = [&](int bits) { return divide(out * power_of_two(bits), in, Rounding::up); };
  int bits = ratio_bits;
  auto quotient = scaled(bits);
  if (!quotient) return {std::numeric_limits<Units>::max(), 1};
  while (width(*quotient) > ratio_bits && bits > 0) {
    const int excess = width(*quotient) - ratio_bits;
    bits = excess < bits ? bits - excess : 0;
    quotient = scaled(bits);
  }
  const auto units = as_units(*quotient);
  return {units.value_or(std::numeric_limits<Units>::max()), Units{1} << bits};
}

SpotPrice spot_price(const PoolState& pool, Direction direction) {
  return std::visit([direction](const auto& kind) { return spot_of(kind, direction); }, pool);
}

bool at_or_below(const SpotPrice& spot, const SpotPrice& price) {
  return U128(spot.out) * price.in <= U128(price.out) * spot.in;
}

PoolAmounts amounts_held(const PoolState& pool) {
  if (const auto* kind = std::get_if<ConstantProductPool>(&pool)) {
    return {kind->reserve_a, kind->reserve_b};
  }
  if (const auto* kind = std::get_if<StableSwapPool>(&pool)) {
    return {kind->reserve_a, kind->reserve_b};
  }
  if (const auto* kind = std::get_if<BinPool>(&pool)) {
    PoolAmounts sum;
    for (const Bin& bin : kind->bins) {
      sum.a += bin.amount_a;
      sum.b += bin.amount_b;
    }
    return sum;
  }
  const auto& ticks = std::get<TickPool>(pool);
  return {paid_by_all<TickCurve>(ticks, Direction::b_to_a),
          paid_by_all<TickCurve>(ticks, Direction::a_to_b)};
}

}  // namespace oee
