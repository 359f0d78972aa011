// Unsigned integers of up to 384 bits for the products of 128-bit numbers that pool formulas
// divide: multiply, add, shift, compare, divide. No allocation. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/decimal.h"

namespace oee {

__extension__ typedef __int128 I128;

class Wide {
 public:
  static constexpr int limbs_max = 6;

  Wide() = default;
  Wide(U128 value);

  // REQUIRES (all three): the result fits 384 bits.
  friend Wide operator*(const Wide& a, const Wide& b);
  friend Wide operator+(const Wide& a, const Wide& b);
  Wide shifted_by_64() const;  // value * 2^64

  // REQUIRES: a >= b.
  friend Wide operator-(const Wide& a, const Wide& b);
  friend bool operator<(const Wide& a, const Wide& b);

  // value / 2^64, rounded. Empty: it does not fit 64 bits.
  std::optional<Units> over_2_64(Rounding rounding) const;
  // Empty: it does not fit 128 bits.
  std::optional<U128> narrow() const;

  // numerator / denominator, rounded. Empty: it does not fit 128 bits. REQUIRES: denominator > 0.
  friend std::optional<U128> divide(const Wide& numerator, const Wide& denominator,
                                    Rounding rounding);

 private:
  void trim();

  std::array<std::uint64_t, limbs_max> limb_{};  // least significant first
  int size_ = 0;                                 // limbs in use; the highest is not zero
};

std::optional<U128> divide(const Wide& numerator, const Wide& denominator, Rounding rounding);

// a * b / c, rounded. Empty: it does not fit 128 bits. REQUIRES: c > 0.
std::optional<U128> mul_div(U128 a, U128 b, U128 c, Rounding rounding);

// numerator / denominator, rounded up. REQUIRES: denominator > 0.
constexpr U128 divide_up(U128 numerator, U128 denominator) {
  const U128 quotient = numerator / denominator;
  return quotient + (quotient * denominator != numerator ? 1 : 0);
}

// floor(amount * rate / Unit) and ceil(amount * rate / Unit) of a rate per Unit, in 64 bits: a
// division by a constant costs a multiplication there, and a library call in 128 bits.
// REQUIRES: rate <= Unit <= 10^9.
template <std::uint32_t Unit>
constexpr Units part_down(Units amount, std::uint32_t rate) {
  return amount / Unit * rate + amount % Unit * rate / Unit;
}
template <std::uint32_t Unit>
constexpr Units part_up(Units amount, std::uint32_t rate) {
  return amount / Unit * rate + (amount % Unit * rate + (Unit - 1)) / Unit;
}

inline std::optional<Units> as_units(U128 value) {
  if (value >> 64 != 0) return std::nullopt;
  return static_cast<Units>(value);
}

}  // namespace oee
