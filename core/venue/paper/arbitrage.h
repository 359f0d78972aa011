// What the arbitrage account does in one pool: the swap that pulls its price back towards the
// world's. Pure. Its trades are ordinary swaps: they pay the fee, and the constant product holds
// through them.
#pragma once

#include <optional>

#include "core/venue/pool.h"

namespace oee {

struct PoolReserves {
  Units a = 0;
  Units b = 0;
};

// The world's price of token a in token b: (b / a) * factor_ppm / 10^6, in base units.
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

// The pool's price over the reference, per 10^9. REQUIRES: nothing is zero.
std::uint64_t price_ratio_ppb(PoolReserves pool, const ReferencePrice& reference);

// Empty while the pool's price is within its fee of the reference: trading would cost more than it
// brings. Beyond that, the swap that brings it back to half that distance (so that a steady
// one-sided flow needs one arbitrage trade in many). Empty too when the swap would round to
// nothing.
std::optional<ArbitrageSwap> rebalance(PoolReserves pool, std::uint32_t fee_per_million,
                                       const ReferencePrice& reference);

// The swap that moves the price by `bps` against somebody who is about to sell a (or b).
// REQUIRES: bps <= 9,000.
std::optional<ArbitrageSwap> move_against(PoolReserves pool, std::uint32_t fee_per_million,
                                          bool seller_of_a, std::uint32_t bps);

// The reserves after a swap. REQUIRES: swap_exact_in() made it from these reserves.
PoolReserves after_swap(PoolReserves pool, bool sells_a, Units amount_in, Units amount_out);

}  // namespace oee
