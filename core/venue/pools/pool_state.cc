#include "core/venue/pools/pool_state.h"

#include <array>

#include "core/base/check.h"

namespace oee {
namespace {

using Curve = std::variant<ConstantProductCurve, StableSwapCurve, BinCurve, TickCurve>;

Curve curve_of(const PoolState& pool, Direction direction) {
  if (const auto* kind = std::get_if<ConstantProductPool>(&pool)) {
    return ConstantProductCurve(*kind, direction);
  }
  if (const auto* kind = std::get_if<StableSwapPool>(&pool))
    return StableSwapCurve(*kind, direction);
  if (const auto* kind = std::get_if<BinPool>(&pool)) return BinCurve(*kind, direction);
  return TickCurve(std::get<TickPool>(pool), direction);
}

}  // namespace

std::string_view kind_of(const PoolState& pool) {
  constexpr std::array<std::string_view, std::variant_size_v<PoolState>> names = {
      "constantProduct", "stableSwap", "bins", "ticks"};
  return names[pool.index()];
}

Result<PoolSwap> trade_exact_in(PoolState& pool, Direction direction, Units amount_in) {
  return std::visit([&](auto& kind) { return trade_exact_in(kind, direction, amount_in); }, pool);
}

Result<PoolSwap> swap_exact_in(const PoolState& pool, Direction direction, Units amount_in) {
  PoolState after = pool;
  return trade_exact_in(after, direction, amount_in);
}

Result<PoolSwap> swap_exact_out(const PoolState& pool, Direction direction, Units amount_out) {
  if (amount_out == 0) return swap_of_zero();
  const PoolCurve curve(pool, direction);
  if (curve.capacity() == 0) return pool_is_empty();
  const auto amount_in = curve.least_in(amount_out);
  if (!amount_in) return too_little_liquidity("output", curve.out(curve.capacity()), amount_out);
  return swap_exact_in(pool, direction, *amount_in);
}

PoolCurve::PoolCurve(const PoolState& pool, Direction direction)
    : curve_(curve_of(pool, direction)),
      capacity_(std::visit([](const auto& kind) { return kind.capacity(); }, curve_)) {}

Units PoolCurve::out(Units amount_in) const {
  return std::visit([&](const auto& kind) { return kind.out(amount_in); }, curve_);
}

std::optional<Units> PoolCurve::least_in(Units amount_out) const {
  return std::visit([&](const auto& kind) { return kind.least_in(amount_out); }, curve_);
}

}  // namespace oee
