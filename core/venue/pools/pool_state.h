// A pool's state, of any kind, as a value: swaps by the published integer arithmetic of the kind's
// program (each kind's header names its source), and curves for many evaluations of one direction.
// Pure; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "core/order/pool_kind.h"
#include "core/venue/pools/bins.h"
#include "core/venue/pools/constant_product.h"
#include "core/venue/pools/stable_swap.h"
#include "core/venue/pools/ticks.h"

namespace oee {

// In the order of PoolKind.
using PoolState = std::variant<ConstantProductPool, StableSwapPool, BinPool, TickPool>;

std::string_view kind_of(
    const PoolState& pool);  // "constantProduct", "stableSwap", "bins", "ticks"

// Whether the numbers of a state that comes from outside are in range and in order; everything
// below REQUIRES it. invalid: the detail names the fault.
Result<void> validate(const PoolState& pool);

// The swap of `amount_in` as the pool's next one. Errors: swap.h; too little liquidity is one of
// them.
Result<PoolSwap> swap_exact_in(const PoolState& pool, Direction direction, Units amount_in);

// The swap with the least input whose output is at least `amount_out`; its amount_out is the swap's
// real one. Errors: swap.h.
Result<PoolSwap> swap_exact_out(const PoolState& pool, Direction direction, Units amount_out);

// As swap_exact_in(), and `pool` becomes the pool after the swap. After an error it is as before.
Result<PoolSwap> trade_exact_in(PoolState& pool, Direction direction, Units amount_in);

// One direction of a pool's state at one moment.
class PoolCurve {
 public:
  PoolCurve(const PoolState& pool, Direction direction);

  // The largest input that the pool can trade. 0: none.
  Units capacity() const { return capacity_; }
  // swap_exact_in()'s output; 0 where it rounds to zero; beyond capacity() the output of
  // capacity().
  Units out(Units amount_in) const;
  // swap_exact_out()'s input. Empty: no input pays that much.
  std::optional<Units> least_in(Units amount_out) const;

 private:
  std::variant<ConstantProductCurve, StableSwapCurve, BinCurve, TickCurve> curve_;
  Units capacity_ = 0;
};

}  // namespace oee
