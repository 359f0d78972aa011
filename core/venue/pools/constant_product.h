// Constant-product pools. The formulas of exact input are in core/venue/pool.h.
// Source: raydium-io/raydium-cp-swap, programs/cp-swap/src/curve/{constant_product.rs, fees.rs,
// calculator.rs}, without a creator fee. Pure; any thread.
#pragma once

#include <optional>

#include "core/venue/pools/swap.h"

namespace oee {

struct ConstantProductPool {
  Units reserve_a = 0;
  Units reserve_b = 0;
  std::uint32_t fee_per_million = 0;  // below 1,000,000
  friend bool operator==(const ConstantProductPool&, const ConstantProductPool&) = default;
};

// Errors: swap.h. The traded pool keeps the fee. After an error `pool` is as before.
Result<PoolSwap> trade_exact_in(ConstantProductPool& pool, Direction direction, Units amount_in);

// One direction of a pool, for many evaluations: no allocation, no error text.
class ConstantProductCurve {
 public:
  ConstantProductCurve(const ConstantProductPool& pool, Direction direction);

  // The largest input that the pool can trade.
  Units capacity() const;
  // The output of an input up to capacity(); beyond it the output of capacity().
  Units out(Units amount_in) const;
  // The least input whose output is at least `amount_out`. Empty: there is none.
  // in' = ceil(out * X / (Y - out)); in = ceil(in' * 1e6 / (1e6 - rate)).
  std::optional<Units> least_in(Units amount_out) const;

 private:
  Units reserve_in_;
  Units reserve_out_;
  std::uint32_t fee_per_million_;
};

}  // namespace oee
