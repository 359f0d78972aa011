// Pools of concentrated liquidity in ticks: liquidity is constant between two initialized ticks,
// and a swap moves the square root of the price. Token a is token 0, token b is token 1; prices are
// 1 per 0.
// Source: raydium-io/raydium-clmm, programs/amm/src/libraries/{swap_math.rs, sqrt_price_math.rs,
// liquidity_math.rs, tick_math.rs} and programs/amm/src/instructions/swap.rs (the walk), which the
// program CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK executes.
//
//   amount_0 = L * (sqrtB - sqrtA) / (sqrtA * sqrtB)  input rounded up, output down
//   amount_1 = L * (sqrtB - sqrtA)
//   fee      = the rest of the input in a partial step,
//              ceil(in * rate / (10^6 - rate)) in a whole one
//
// Not modelled: dynamic fees, fees on the output, limit orders at ticks, transfer fees of tokens.
// Trades are by exact input; the program's own exact-output trade rounds its steps otherwise and
// may differ by units. Pure; any thread.
#pragma once

#include <optional>
#include <vector>

#include "core/venue/pools/swap.h"
#include "core/venue/pools/wide.h"

namespace oee {

struct Tick {
  std::int32_t index = 0;
  I128 liquidity_net = 0;  // gained when the price rises through the tick
  friend bool operator==(const Tick&, const Tick&) = default;
};

struct TickPool {
  U128 sqrt_price = 0;  // Q64.64
  std::int32_t tick = 0;
  U128 liquidity = 0;
  std::uint32_t fee_per_million = 0;  // below 1,000,000
  std::vector<Tick> ticks;            // initialized ones, ascending
  friend bool operator==(const TickPool&, const TickPool&) = default;
};

// Errors: swap.h. Liquidity holds no fees. After an error `pool` is as before.
Result<PoolSwap> trade_exact_in(TickPool& pool, Direction direction, Units amount_in);

// One direction of a pool, for many evaluations. Making it costs one step for each tick; an
// evaluation costs a binary search and one step. No allocation after the constructor.
class TickCurve {
 public:
  TickCurve(const TickPool& pool, Direction direction);

  Units capacity() const { return capacity_; }
  Units out(Units amount_in) const;
  std::optional<Units> least_in(Units amount_out) const;

 private:
  struct Step {
    Units in_before = 0;   // input of the steps before this one, with fees
    Units out_before = 0;  // and their output
    Units out_max = 0;     // of this step
    Units in_max = 0;      // without its fee
    U128 sqrt_price = 0;   // at its beginning
    U128 liquidity = 0;
  };
  Units out_in(const Step& step, Units amount_in) const;

  Direction direction_;
  std::uint32_t fee_per_million_;
  std::vector<Step> steps_;
  Units capacity_ = 0;
  Units out_total_ = 0;
};

}  // namespace oee
