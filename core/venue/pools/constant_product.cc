#include "core/venue/pools/constant_product.h"

#include <algorithm>
#include <limits>

#include "core/base/check.h"
#include "core/venue/pool.h"
#include "core/venue/pools/wide.h"

namespace oee {

Result<PoolSwap> trade_exact_in(ConstantProductPool& pool, Direction direction, Units amount_in) {
  const bool sells_a = direction == Direction::a_to_b;
  Units& in = sells_a ? pool.reserve_a : pool.reserve_b;
  Units& out = sells_a ? pool.reserve_b : pool.reserve_a;
  OEE_TRY_ASSIGN(const SwapResult swap, swap_exact_in(in, out, pool.fee_per_million, amount_in));
  in += amount_in;
  out -= swap.amount_out;
  return PoolSwap{amount_in, swap.amount_out, swap.fee};
}

ConstantProductCurve::ConstantProductCurve(const ConstantProductPool& pool, Direction direction)
    : reserve_in_(direction == Direction::a_to_b ? pool.reserve_a : pool.reserve_b),
      reserve_out_(direction == Direction::a_to_b ? pool.reserve_b : pool.reserve_a),
      fee_per_million_(pool.fee_per_million) {
  check(fee_per_million_ < fee_unit, "ConstantProductCurve: the fee takes the whole amount");
}

Units ConstantProductCurve::capacity() const {
  if (reserve_in_ == 0 || reserve_out_ == 0) return 0;
  return std::numeric_limits<Units>::max() - reserve_in_;
}

Units ConstantProductCurve::out(Units amount_in) const {
  const Units in = std::min(amount_in, capacity());
  if (in == 0) return 0;
  // in - ceil(in * rate / 1e6) = floor(in * (1e6 - rate) / 1e6)
  const U128 traded = part_down<fee_unit>(in, fee_unit - fee_per_million_);
  return static_cast<Units>(traded * reserve_out_ / (reserve_in_ + traded));
}

std::optional<Units> ConstantProductCurve::least_in(Units amount_out) const {
  if (amount_out == 0) return 0;
  if (reserve_in_ == 0 || amount_out >= reserve_out_) return std::nullopt;
  const U128 traded = divide_up(U128(amount_out) * reserve_in_, reserve_out_ - amount_out);
  if (traded > capacity()) return std::nullopt;
  const U128 in = divide_up(traded * fee_unit, fee_unit - fee_per_million_);
  if (in > capacity()) return std::nullopt;
  return static_cast<Units>(in);
}

}  // namespace oee
