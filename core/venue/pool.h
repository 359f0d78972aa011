// Constant-product pool arithmetic in integers (Raydium CPMM rules). Pure.
#pragma once

#include <cstdint>

#include "core/base/decimal.h"

namespace oee {

inline constexpr std::uint32_t fee_unit = 1'000'000;

struct SwapResult {
  Units amount_out = 0;
  Units fee = 0;                       // in input units, stays in the pool
  std::uint32_t price_impact_bps = 0;  // without fees: mid price before against execution price
};

// fee = ceil(in * rate / 1e6); in' = in - fee; out = floor(in' * Y / (X + in')).
// Worked example: X=50,000,000,000,000 Y=7,500,000,000,000 rate 2500, in 1,000,000,000
//   → fee 2,500,000, out 149,622,015.
// invalid: a zero amount or reserve, or an output of zero (a zero trade); full: a reserve would
// exceed 64 bits.
Result<SwapResult> swap_exact_in(Units reserve_in, Units reserve_out, std::uint32_t fee_per_million,
                                 Units amount_in);

}  // namespace oee
