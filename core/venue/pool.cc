#include "core/venue/pool.h"

#include <limits>

namespace oee {

Result<SwapResult> swap_exact_in(Units reserve_in, Units reserve_out, std::uint32_t fee_per_million,
                                 Units amount_in) {
  check(fee_per_million <= fee_unit, "swap_exact_in: a fee above the whole amount");
  if (reserve_in == 0 || reserve_out == 0) return Error{Errc::invalid, "the pool is empty"};
  if (amount_in == 0) return Error{Errc::invalid, "the amount is zero"};
  if (amount_in > std::numeric_limits<Units>::max() - reserve_in) {
    return Error{Errc::full, "the amount exceeds what the pool can hold"};
  }
  const U128 fee = (U128(amount_in) * fee_per_million + (fee_unit - 1)) / fee_unit;
  const U128 traded = amount_in - fee;
  const U128 reserve_after = reserve_in + traded;
  SwapResult swap;
  // Fits in 64 bits, as it is less than reserve_out: traded / (reserve_in + traded) < 1.
  swap.amount_out = static_cast<Units>(traded * reserve_out / reserve_after);
  swap.fee = static_cast<Units>(fee);
  // Execution price over mid price is X / (X + in'), so the impact is in' / (X + in').
  swap.price_impact_bps = static_cast<std::uint32_t>(traded * 10'000 / reserve_after);
  if (swap.amount_out == 0) return Error{Errc::invalid, "the trade rounds to zero"};
  return swap;
}

}  // namespace oee
