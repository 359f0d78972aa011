// Arithmetic of constant-product pools in integers, by the rules of Raydium CPMM. Pure.
#pragma once

#include <cstdint>

#include "core/base/decimal.h"

namespace oee {

inline constexpr std::uint32_t fee_unit = 1'000'000;

struct SwapResult {
  Units amount_out = 0;
  Units fee = 0;  // in input units; stays in the pool
  // without fees: how far the execution price is from the mid price before the trade
  std::uint32_t price_impact_bps = 0;
};

// fee = ceil(in * rate / 1e6); in' = in - fee; out = floor(in' * Y / (X + in')).
// Worked example: X=50,000,000,000,000 Y=7,500,000,000,000 rate 2500, in 1,000,000,000
//   → fee 2,500,000, out 149,622,015.
// Errors:
//   invalid  an amount or a reserve is zero, or the output rounds to zero
//   full     a reserve would exceed 64 bits
// REQUIRES: fee_per_million <= fee_unit.
Result<SwapResult> swap_exact_in(Units reserve_in, Units reserve_out, std::uint32_t fee_per_million,
                                 Units amount_in);

}  // namespace oee
