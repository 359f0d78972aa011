// The words that all kinds of pools share: the direction of a swap, its result, its refusals.
// Values.
#pragma once

#include <string>

#include "core/base/decimal.h"
#include "core/base/result.h"

namespace oee {

// Which of a pool's two tokens is sold. Programs name the tokens 0 and 1 (Raydium) or X and Y
// (Meteora).
enum class Direction : std::uint8_t { a_to_b, b_to_a };

constexpr Direction reverse(Direction direction) {
  return direction == Direction::a_to_b ? Direction::b_to_a : Direction::a_to_b;
}

struct PoolSwap {
  Units amount_in = 0;  // with the fee
  Units amount_out = 0;
  Units fee = 0;  // in input units
  friend bool operator==(const PoolSwap&, const PoolSwap&) = default;
};

// The errors of every kind's swaps.
//   invalid  the amount is zero, the pool is empty, or the output rounds to zero
//   full     too little liquidity: the detail names the input (or output) that the pool can trade;
//            or an amount exceeds 64 bits
inline Error swap_of_zero() {
  return {Errc::invalid, "the amount is zero"};
}
inline Error pool_is_empty() {
  return {Errc::invalid, "the pool is empty"};
}
inline Error swap_rounds_to_zero() {
  return {Errc::invalid, "the trade rounds to zero"};
}
inline Error swap_overflow() {
  return {Errc::full, "the amount exceeds what the pool can hold"};
}
inline Error too_little_liquidity(const char* side, Units possible, Units wanted) {
  return {Errc::full, "too little liquidity: the pool can trade " + std::to_string(possible) +
                          " of " + std::to_string(wanted) + " units of " + side};
}

}  // namespace oee
