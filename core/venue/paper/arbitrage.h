// The swaps of the arbitrage account in one pool: each moves the pool's price back towards the
// reference price. Pure. They are ordinary swaps: they pay the fee, and the constant product never
// shrinks.
#pragma once

#include <optional>

#include "core/venue/pool.h"

namespace oee::paper {

struct PoolReserves {
  Units a = 0;
  Units b = 0;
};

// Amounts of the two tokens that are worth the same. Zero: not set.
struct EqualWorth {
  Units a = 0;
  Units b = 0;
};

// The price of token a in token b outside the pool: (b / a) * factor_ppm / 10^6, in base units.
struct ReferencePrice {
  Units a = 0;
  Units b = 0;
  std::int64_t factor_ppm = 0;
};

struct ArbitrageSwap {
  bool sells_a = false;
  Units amount_in = 0;
  SwapResult swap;
};

// The pool's price divided by the reference price, times 10^9. REQUIRES: every value is positive.
std::uint64_t price_ratio_ppb(PoolReserves pool, const ReferencePrice& reference);

// Empty while the distance between the pool's price and the reference is at most the fee: a trade
// would cost more than it earns. Beyond that, the swap that brings the distance back to half the
// fee, so that a steady one-sided flow needs one arbitrage trade per many orders. Also empty when
// the swap would round to zero.
std::optional<ArbitrageSwap> rebalance(PoolReserves pool, std::uint32_t fee_per_million,
                                       const ReferencePrice& reference);

// The swap that moves the price by `bps` against the next seller of token a (or of token b).
// REQUIRES: bps <= 9,000.
std::optional<ArbitrageSwap> move_against(PoolReserves pool, std::uint32_t fee_per_million,
                                          bool seller_of_a, std::uint32_t bps);

// The swap after which `out` units of the output cost `in` units of the input, up to one base unit
// of the amount: the seller's price has then fallen to that price or just below. `sells_a`: the
// input is token a. An amount of 0: the price is there already, or is below, or no swap is small
// enough. full: the pool's reserves do not reach the price, or one would be below reserve_min.
// REQUIRES: out > 0, in > 0.
inline constexpr Units reserve_min = 1'000'000;  // below it, prices are too coarse
Result<ArbitrageSwap> swap_down_to(PoolReserves pool, std::uint32_t fee_per_million, bool sells_a,
                                   Units out, Units in);

// The reserves after a swap. REQUIRES: swap_exact_in() computed the swap from these reserves.
PoolReserves after_swap(PoolReserves pool, bool sells_a, Units amount_in, Units amount_out);

}  // namespace oee::paper
