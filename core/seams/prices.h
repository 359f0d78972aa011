// Prices seam: the spot prices of a venue's pools, for the index of orders that wait for a price.
// A part of every Venue (venue.h): one instance per shard loop, on that loop's thread.
//
// Laws:
// - A price is a hint, never a proof: an order acts on an exact quote or route. A change that is
//   not delivered delays an order until the next delivery at most.
// - A price belongs to a state that is durable at the venue. No crash takes it back.
// - The spot price is an upper bound: no trade in that state gets more output for its input, also
//   without fees. So an index by spot price misses no order that could act.
// - The first call after prices_to() delivers every pool. A later call delivers the pools whose
//   state has changed since the call before, each once, with its newest state: states in between
//   are dropped. So a slow loop holds one entry per pool, never a queue.
// - The heights of a pool never fall.
// - The amounts of both tokens that the pool holds belong to the same state as its prices. A swap
//   pays at most the amount of its output. They are the reserves of a pool with reserves, and the
//   sums over all bins or ticks of one with concentrated liquidity.
// - Prices that move without a trade are delivered about once a height, as long as there is a
//   sink. Without a sink the prices cost nothing.
// - Nothing is remembered over a restart: the new process gives a sink and gets every pool.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/order/event.h"

namespace oee {

// `out` base units of one token for `in` base units of another. in > 0; out is 0 when there is no
// liquidity. Rounded up where the exact price is no such ratio.
struct SpotPrice {
  Units out = 0;
  Units in = 1;
  friend bool operator==(const SpotPrice&, const SpotPrice&) = default;
};

struct PoolPrice {
  std::uint32_t pool = 0;  // its number at the venue, fixed while the process runs
  Token a;
  Token b;
  SpotPrice sell_a;    // units of b for units of a
  SpotPrice sell_b;    // units of a for units of b
  Units amount_a = 0;  // that the pool holds
  Units amount_b = 0;
  std::uint32_t fee_per_million = 0;  // not part of the prices
  std::uint64_t height = 0;           // the venue's, when the pool got this state
};

// Output per input as a decimal, rounded up: never below the spot price. REQUIRES: `input` is the
// token of spot.in, and `output` that of spot.out.
inline Decimal decimal_price(const SpotPrice& spot, const Token& input, const Token& output) {
  return price_of(Decimal{spot.out, output.decimals}, Decimal{spot.in, input.decimals},
                  Rounding::up);
}

// Called on the loop's thread, by a job of the loop. The span is valid during the call. It may call
// prices_to().
using PriceSink = std::function<void(std::span<const PoolPrice>)>;

class Prices {
 public:
  virtual ~Prices() = default;
  // From now on the prices go to `sink` alone. An empty `sink`: to nobody.
  virtual void prices_to(PriceSink sink) = 0;
};

}  // namespace oee
