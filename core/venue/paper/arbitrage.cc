#include "core/venue/paper/arbitrage.h"

#include <algorithm>
#include <limits>

namespace oee::paper {
namespace {

constexpr std::uint64_t ppb_unit = 1'000'000'000;
constexpr U128 ratio_unit = U128(ppb_unit) * ppb_unit;  // a ratio of 1; its root is in ppb

// floor(sqrt(value)), bit by bit.
std::uint64_t square_root(std::uint64_t value) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit > 0; bit >>= 1) {
    const std::uint64_t tried = root | bit;
    if (tried <= value / tried) root = tried;
  }
  return root;
}

// Sells the amount of one token that multiplies its reserve by sqrt(ratio). That divides the
// token's price by `ratio` (10^18 = 1). One call covers a ratio of 16 at most.
std::optional<ArbitrageSwap> sell_until(PoolReserves pool, std::uint32_t fee_per_million,
                                        bool sells_a, U128 ratio) {
  const Units in = sells_a ? pool.a : pool.b;
  const Units out = sells_a ? pool.b : pool.a;
  const std::uint64_t growth_ppb =
      square_root(static_cast<std::uint64_t>(std::min(ratio, ratio_unit * 16)));
  if (growth_ppb <= ppb_unit || fee_per_million >= fee_unit) return std::nullopt;
  const U128 wanted = U128(in) * (growth_ppb - ppb_unit) / ppb_unit;
  // The fee does not move the price, so the amount is larger by the fee.
  const U128 amount = wanted * fee_unit / (fee_unit - fee_per_million);
  if (amount == 0 || amount > std::numeric_limits<Units>::max()) return std::nullopt;
  ArbitrageSwap trade;
  trade.sells_a = sells_a;
  trade.amount_in = static_cast<Units>(amount);
  const auto swap = swap_exact_in(in, out, fee_per_million, trade.amount_in);
  if (!swap) return std::nullopt;
  trade.swap = *swap;
  return trade;
}

}  // namespace

std::uint64_t price_ratio_ppb(PoolReserves pool, const ReferencePrice& reference) {
  // (b / b0) / (a / a0) / factor. Each growth in ppb is below 2^64 times 10^9.
  const U128 growth_a = std::max<U128>(U128(pool.a) * ppb_unit / reference.a, 1);
  const U128 growth_b = U128(pool.b) * ppb_unit / reference.b;
  const U128 growth = growth_b * ppb_unit / growth_a;
  const U128 ratio = growth * 1'000'000 / static_cast<std::uint64_t>(reference.factor_ppm);
  return static_cast<std::uint64_t>(std::min<U128>(ratio, std::numeric_limits<Units>::max()));
}

std::optional<ArbitrageSwap> rebalance(PoolReserves pool, std::uint32_t fee_per_million,
                                       const ReferencePrice& reference) {
  const std::uint64_t band_ppb = std::uint64_t{fee_per_million} * 1'000;
  const std::uint64_t ratio_ppb = price_ratio_ppb(pool, reference);
  if (ratio_ppb > ppb_unit + band_ppb) {
    const U128 ratio = U128(ratio_ppb) * ratio_unit / (ppb_unit + band_ppb / 2);
    return sell_until(pool, fee_per_million, true, ratio);
  }
  if (ratio_ppb < ppb_unit - band_ppb) {
    const U128 ratio = ratio_unit * (ppb_unit - band_ppb / 2) / std::max<U128>(ratio_ppb, 1);
    return sell_until(pool, fee_per_million, false, ratio);
  }
  return std::nullopt;
}

std::optional<ArbitrageSwap> move_against(PoolReserves pool, std::uint32_t fee_per_million,
                                          bool seller_of_a, std::uint32_t bps) {
  check(bps <= 9'000, "move_against: more than 90 %");
  return sell_until(pool, fee_per_million, seller_of_a, ratio_unit * 10'000 / (10'000 - bps));
}

Result<ArbitrageSwap> swap_down_to(PoolReserves pool, std::uint32_t fee_per_million, bool sells_a,
                                   Units out, Units in) {
  check(out > 0 && in > 0, "swap_down_to: no price");
  const Units reserve_in = sells_a ? pool.a : pool.b;
  const Units reserve_out = sells_a ? pool.b : pool.a;
  ArbitrageSwap trade;
  trade.sells_a = sells_a;
  // The price falls with the amount. A swap that rounds to zero does not move it.
  const auto reaches = [&](Units amount) {
    const auto swap = swap_exact_in(reserve_in, reserve_out, fee_per_million, amount);
    const Units left = reserve_out - (swap ? swap->amount_out : 0);
    return U128(left) * in <= U128(reserve_in + amount) * out;
  };
  const Units largest = std::numeric_limits<Units>::max() - reserve_in;
  if (!reaches(largest)) return Error{Errc::full, "the pool's reserves do not reach the price"};
  Units low = 0;  // the smallest amount that reaches it is in low..high
  Units high = largest;
  while (low < high) {
    const Units middle = low + (high - low) / 2;
    if (reaches(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  const auto swap = swap_exact_in(reserve_in, reserve_out, fee_per_million, low);
  if (!swap) return trade;
  if (reserve_out - swap->amount_out < reserve_min)
    return Error{Errc::full, "the pool's reserves do not reach the price"};
  trade.amount_in = low;
  trade.swap = *swap;
  return trade;
}

PoolReserves after_swap(PoolReserves pool, bool sells_a, Units amount_in, Units amount_out) {
  Units& in = sells_a ? pool.a : pool.b;
  Units& out = sells_a ? pool.b : pool.a;
  in += amount_in;
  out -= amount_out;
  return pool;
}

}  // namespace oee::paper
