#include "core/venue/pools/pool_state.h"

#include "core/venue/pool.h"
#include "core/venue/pools/tick_math.h"

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

Error fault(const char* detail) {
  return {Errc::invalid, detail};
}

Result<void> validate_kind(const ConstantProductPool& pool) {
  if (pool.fee_per_million >= fee_unit) return fault("the fee takes the whole amount");
  return {};
}

Result<void> validate_kind(const StableSwapPool& pool) {
  if (pool.fee_per_million >= fee_unit) return fault("the fee takes the whole amount");
  if (pool.amplification < 1 || pool.amplification > 1'000'000) {
    return fault("the amplification is out of range");
  }
  if (pool.multiplier_a < 1 || pool.multiplier_b < 1) return fault("a multiplier is zero");
  return {};
}

Result<void> validate_kind(const BinPool& pool) {
  if (pool.step < 1 || pool.step > 400) return fault("the step is out of range");
  if (pool.time < 0 || pool.volatility.updated_at < 0) return fault("a time is negative");
  std::int64_t last = -bin_id_max - 1;
  for (const Bin& bin : pool.bins) {
    if (bin.id <= last || bin.id > bin_id_max) return fault("the bins are not in order");
    last = bin.id;
  }
  return {};
}

Result<void> validate_kind(const TickPool& pool) {
  if (pool.fee_per_million >= fee_unit) return fault("the fee takes the whole amount");
  if (pool.tick < -tick_max || pool.tick >= tick_max ||
      pool.sqrt_price < sqrt_price_at(pool.tick) ||
      pool.sqrt_price > sqrt_price_at(pool.tick + 1) || pool.sqrt_price >= sqrt_price_max) {
    return fault("the price is not that of the tick");
  }
  std::int64_t last = -tick_max - 1;
  for (const Tick& tick : pool.ticks) {
    if (tick.index <= last || tick.index > tick_max) return fault("the ticks are not in order");
    last = tick.index;
  }
  return {};
}

}  // namespace

Result<void> validate(const PoolState& pool) {
  return std::visit([](const auto& kind) { return validate_kind(kind); }, pool);
}

std::string_view kind_of(const PoolState& pool) {
  static_assert(std::variant_size_v<PoolState> == pool_kind_names.size());
  return pool_kind_names[pool.index()];
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
