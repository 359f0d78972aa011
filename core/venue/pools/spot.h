// The spot price of a pool of any kind, and the amounts that it holds: the values of the prices
// seam (core/seams/prices.h has their laws). Pure; any thread.
#pragma once

#include "core/seams/prices.h"
#include "core/venue/pools/pool_state.h"

namespace oee {

// out / in, rounded up by at most 2^-62 of a ratio between 1 and 2^63, and by 2^-63 below.
// REQUIRES: in > 0, both below 2^320.
SpotPrice spot_ratio(const Wide& out, const Wide& in);

// Of selling in `direction`: no trade in this state gets more output for its input, also without
// its fee. out is 0 when the pool has nothing to pay.
//   constant product  y / x
//   stable swap       the curve's slope (StableSwapCurve::slope())
//   bins              the price of the first bin that pays
//   ticks             the square of sqrt_price
SpotPrice spot_price(const PoolState& pool, Direction direction);

// Whether a spot price is at or below a price.
bool at_or_below(const SpotPrice& spot, const SpotPrice& price);

// The reserves, or the sums over all bins or ticks; fees that a pool of bins or ticks has taken are
// not in them. A swap pays at most the amount of its output.
struct PoolAmounts {
  Units a = 0;
  Units b = 0;
};
PoolAmounts amounts_held(const PoolState& pool);

}  // namespace oee
