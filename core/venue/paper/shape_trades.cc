#include "core/venue/paper/shape_trades.h"

#include <algorithm>

#include "core/venue/pools/search.h"

namespace oee::paper {
namespace {

constexpr std::uint64_t ppb_unit = 1'000'000'000;
constexpr U128 reference_unit = U128(ppb_unit) * 1'000'000;  // of a factor in ppm and a band in ppb

Error out_of_reach() {
  return {Errc::full, "the pool's liquidity does not reach the price"};
}

// The input that leaves enough in a pool with reserves.
bool is_usable(const oee::PoolState& pool, Direction direction) {
  if (spot_price(pool, direction).out == 0) return false;
  const auto* stable = std::get_if<StableSwapPool>(&pool);
  if (stable == nullptr) return true;
  return (direction == Direction::a_to_b ? stable->reserve_b : stable->reserve_a) >= reserve_min;
}

}  // namespace

Result<ArbitrageSwap> swap_down_to(const oee::PoolState& pool, Direction direction,
                                   const SpotPrice& price) {
  ArbitrageSwap trade;
  trade.sells_a = direction == Direction::a_to_b;
  if (at_or_below(spot_price(pool, direction), price)) return trade;
  // A swap that the pool refuses does not move it.
  const auto reaches = [&](Units amount) {
    oee::PoolState after = pool;
    return trade_exact_in(after, direction, amount).ok() &&
           at_or_below(spot_price(after, direction), price);
  };
  const Units capacity = PoolCurve(pool, direction).capacity();
  if (capacity == 0 || !reaches(capacity)) return out_of_reach();
  trade.amount_in = bisect_least(reaches, 0, capacity);
  oee::PoolState after = pool;
  OEE_TRY_ASSIGN(const PoolSwap swap, trade_exact_in(after, direction, trade.amount_in));
  if (!is_usable(after, direction)) return out_of_reach();
  trade.swap.amount_out = swap.amount_out;
  trade.swap.fee = swap.fee;
  return trade;
}

std::optional<ArbitrageSwap> rebalance(const oee::PoolState& pool, std::uint32_t fee_per_million,
                                       const ReferencePrice& reference) {
  // The spot price of a stable pool is up to 977 millionths above the price of its least swap: in a
  // narrower band the account would trade with itself for ever.
  const std::uint64_t band_ppb = std::uint64_t{std::max(fee_per_million, 2'000U)} * 1'000;
  const auto factor_ppm = static_cast<std::uint64_t>(reference.factor_ppm);
  // The reference in b per a, times so many billionths.
  const auto b_side = [&](std::uint64_t ppb) {
    return Wide(reference.b) * Wide(U128(factor_ppm) * ppb);
  };
  const Wide a_side = Wide(reference.a) * Wide(reference_unit);
  const auto swap_of = [&](Direction direction, const SpotPrice& limit,
                           const SpotPrice& target) -> std::optional<ArbitrageSwap> {
    if (at_or_below(spot_price(pool, direction), limit)) return std::nullopt;
    auto swap = swap_down_to(pool, direction, target);
    if (!swap || swap->amount_in == 0) return std::nullopt;
    return *swap;
  };
  if (auto swap = swap_of(Direction::a_to_b, spot_ratio(b_side(ppb_unit + band_ppb), a_side),
                          spot_ratio(b_side(ppb_unit + band_ppb / 2), a_side)))
    return swap;
  return swap_of(Direction::b_to_a, spot_ratio(a_side, b_side(ppb_unit - band_ppb)),
                 spot_ratio(a_side, b_side(ppb_unit - band_ppb / 2)));
}

std::optional<ArbitrageSwap> move_against(const oee::PoolState& pool, Direction seller,
                                          std::uint32_t bps) {
  check(bps <= 9'000, "move_against: more than 90 %");
  const SpotPrice spot = spot_price(pool, seller);
  const SpotPrice target =
      spot_ratio(Wide(spot.out) * Wide(10'000 - bps), Wide(spot.in) * Wide(10'000));
  auto swap = swap_down_to(pool, seller, target);
  if (!swap || swap->amount_in == 0) return std::nullopt;
  return *swap;
}

std::uint32_t price_impact_bps(const SpotPrice& before, const PoolSwap& swap) {
  const Wide best = Wide(swap.amount_in - swap.fee) * Wide(before.out);
  if (best < Wide(1)) return 0;
  const auto reached_bps =
      divide(Wide(swap.amount_out) * Wide(before.in) * Wide(10'000), best, Rounding::up);
  return 10'000 - static_cast<std::uint32_t>(std::min<U128>(reached_bps.value_or(10'000), 10'000));
}

}  // namespace oee::paper
