// The swaps of the arbitrage account in pools of other kinds than constant product, as arbitrage.h
// has them for constant product: found by bisection on the input. Pure. A search costs about 64
// swaps of the pool; the fee band keeps searches rare.
#pragma once

#include <optional>

#include "core/venue/paper/arbitrage.h"
#include "core/venue/pools/spot.h"

namespace oee::paper {

// The swap after which the spot price of selling in `direction` is at or just below `price`; in
// bins it is the price of a bin. An amount of 0: it is so already. full: the pool has too little to
// reach the price.
Result<ArbitrageSwap> swap_down_to(const oee::PoolState& pool, Direction direction,
                                   const SpotPrice& price);

// As rebalance() in arbitrage.h, but the price of selling a is compared with the upper end of the
// fee band, and that of selling b with the lower one; the band is at least 2,000 ppm. Empty also
// when the pool has too little.
std::optional<ArbitrageSwap> rebalance(const oee::PoolState& pool, std::uint32_t fee_per_million,
                                       const ReferencePrice& reference);

// As move_against() in arbitrage.h.
std::optional<ArbitrageSwap> move_against(const oee::PoolState& pool, Direction seller,
                                          std::uint32_t bps);

// How far the price of a swap without its fee is below the spot price before it.
std::uint32_t price_impact_bps(const SpotPrice& before, const PoolSwap& swap);

}  // namespace oee::paper
