// Pools of two tokens that should be worth the same: Curve's stable-swap invariant of two tokens
// with amplification A, in which the programs take 2A for A * n^n:
//   2A * (x + y) + D = 2A * D + D^3 / (4 * x * y)
// Sources, for the arithmetic to the unit:
//   MeteoraAg/stable-swap, stable-swap-math/src/curve.rs (compute_d2, compute_y_raw2, swap_to2),
//     which continues saber-hq/stable-swap and curvefi/curve-contract
//   mercurial-finance/mercurial-dynamic-amm-sdk, dynamic-amm-quote/src/lib.rs and
//     dynamic-amm-quote/src/math/stable_swap.rs, programs/dynamic-amm/src/state.rs (calculate_fee):
//     the fee is taken from the input
// Not modelled: virtual prices of staked tokens (depeg pools), shares of the lending vaults
// (reserves are the pool's part of the vaults), the protocol's part of the fee (it stays in the
// pool here). The programs compute in 192 bits and fail above; here numbers between 128 and 192
// bits fail too. Pure; any thread.
#pragma once

#include <optional>

#include "core/venue/pools/swap.h"
#include "core/venue/pools/wide.h"

namespace oee {

struct StableSwapPool {
  Units reserve_a = 0;
  Units reserve_b = 0;
  std::uint64_t amplification = 0;  // 1..1,000,000
  // Make amounts of tokens with different decimals comparable: 1,000 for 6 decimals beside 9.
  std::uint32_t multiplier_a = 1;
  std::uint32_t multiplier_b = 1;
  // floor(in * rate / 1e6), but at least 1 when the rate is not 0. Below 1,000,000.
  std::uint32_t fee_per_million = 0;
  friend bool operator==(const StableSwapPool&, const StableSwapPool&) = default;
};

// Errors: swap.h. The traded pool keeps the fee. After an error `pool` is as before.
Result<PoolSwap> trade_exact_in(StableSwapPool& pool, Direction direction, Units amount_in);

// One direction of a pool, for many evaluations: no allocation, no error text. The programs' Newton
// iteration stops at a difference of 1, so an output may be one unit below that of a smaller input.
class StableSwapCurve {
 public:
  StableSwapCurve(const StableSwapPool& pool, Direction direction);

  Units capacity() const { return capacity_; }
  Units out(Units amount_in) const;
  Units fee(Units amount_in) const;
  std::optional<Units> least_in(Units amount_out) const;

  // No input without its fee is paid more than input * out / in: the price of the first unit, and
  // what Newton's iteration may add to a trade, about 4 parts in the larger multiplier. Empty: the
  // pool is empty, or the program fails.
  struct Slope {
    Wide out;
    Wide in;
  };
  std::optional<Slope> slope() const;

 private:
  std::optional<Units> exact_out_of(Units amount_in) const;  // empty: the program fails

  U128 in_ = 0;  // reserves times multipliers
  U128 out_ = 0;
  U128 invariant_ = 0;  // D
  std::uint64_t ann_ = 0;
  std::uint32_t multiplier_in_ = 1;
  std::uint32_t multiplier_out_ = 1;
  std::uint32_t fee_per_million_ = 0;
  Units capacity_ = 0;
};

}  // namespace oee
