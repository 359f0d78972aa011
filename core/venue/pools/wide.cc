#include "core/venue/pools/wide.h"

#include <algorithm>
#include <bit>

#include "core/base/check.h"

namespace oee {
namespace {

using Limb = std::uint64_t;
// One limb more than a number has: the division shifts its numerator up by less than one limb.
using Shifted = std::array<Limb, Wide::limbs_max + 1>;

// Divides by one limb, in place, and returns the remainder.
Limb divide_by_limb(Shifted& value, int size, Limb divisor) {
  Limb remainder = 0;
  for (int i = size - 1; i >= 0; --i) {
    const U128 part = U128(remainder) << 64 | value[i];
    value[i] = static_cast<Limb>(part / divisor);
    remainder = static_cast<Limb>(part) - value[i] * divisor;
  }
  return remainder;
}

// Knuth, The Art of Computer Programming, volume 2, 4.3.1, steps D3 to D6 for one digit: subtracts
// the largest multiple of the divisor from the limbs of `value` that begin at `at`, and returns the
// factor.
Limb divide_digit(Shifted& value, int at, const Shifted& divisor, int size) {
  const Limb top = divisor[size - 1];
  const U128 head = U128(value[at + size]) << 64 | value[at + size - 1];
  U128 guess = head / top;
  U128 rest = head - guess * top;
  while (guess >> 64 != 0 ||
         U128(static_cast<Limb>(guess)) * divisor[size - 2] > (rest << 64 | value[at + size - 2])) {
    --guess;
    rest += top;
    if (rest >> 64 != 0) break;
  }
  const Limb factor = static_cast<Limb>(guess);
  Limb carry = 0;
  Limb borrow = 0;
  for (int i = 0; i < size; ++i) {
    const U128 product = U128(factor) * divisor[i] + carry;
    carry = static_cast<Limb>(product >> 64);
    const U128 less = U128(value[at + i]) - static_cast<Limb>(product) - borrow;
    value[at + i] = static_cast<Limb>(less);
    borrow = static_cast<Limb>(less >> 64) & 1;
  }
  const U128 less = U128(value[at + size]) - carry - borrow;
  value[at + size] = static_cast<Limb>(less);
  if ((less >> 64) == 0) return factor;
  // The guess was one too large: add the divisor back.
  Limb up = 0;
  for (int i = 0; i < size; ++i) {
    const U128 sum = U128(value[at + i]) + divisor[i] + up;
    value[at + i] = static_cast<Limb>(sum);
    up = static_cast<Limb>(sum >> 64);
  }
  value[at + size] += up;
  return factor - 1;
}

std::optional<U128> rounded(U128 quotient, bool exact, Rounding rounding) {
  if (exact || rounding == Rounding::down) return quotient;
  if (quotient == ~U128(0)) return std::nullopt;
  return quotient + 1;
}

}  // namespace

Wide::Wide(U128 value) {
  limb_[0] = static_cast<Limb>(value);
  limb_[1] = static_cast<Limb>(value >> 64);
  size_ = limb_[1] != 0 ? 2 : limb_[0] != 0 ? 1 : 0;
}

void Wide::trim() {
  while (size_ > 0 && limb_[size_ - 1] == 0) --size_;
}

Wide operator*(const Wide& a, const Wide& b) {
  check(a.size_ + b.size_ <= Wide::limbs_max, "Wide: a product exceeds 384 bits");
  Wide product;
  for (int i = 0; i < a.size_; ++i) {
    Limb carry = 0;
    for (int j = 0; j < b.size_; ++j) {
      const U128 sum = U128(a.limb_[i]) * b.limb_[j] + product.limb_[i + j] + carry;
      product.limb_[i + j] = static_cast<Limb>(sum);
      carry = static_cast<Limb>(sum >> 64);
    }
    product.limb_[i + b.size_] = carry;
  }
  product.size_ = a.size_ + b.size_;
  product.trim();
  return product;
}

Wide operator+(const Wide& a, const Wide& b) {
  Wide sum;
  const int size = std::max(a.size_, b.size_);
  Limb carry = 0;
  for (int i = 0; i < size; ++i) {
    const U128 part = U128(a.limb_[i]) + b.limb_[i] + carry;
    sum.limb_[i] = static_cast<Limb>(part);
    carry = static_cast<Limb>(part >> 64);
  }
  sum.size_ = size;
  if (carry != 0) {
    check(size < Wide::limbs_max, "Wide: a sum exceeds 384 bits");
    sum.limb_[sum.size_++] = carry;
  }
  return sum;
}

Wide operator-(const Wide& a, const Wide& b) {
  check(!(a < b), "Wide: a difference below zero");
  Wide difference;
  Limb borrow = 0;
  for (int i = 0; i < a.size_; ++i) {
    const U128 part = U128(a.limb_[i]) - b.limb_[i] - borrow;
    difference.limb_[i] = static_cast<Limb>(part);
    borrow = static_cast<Limb>(part >> 64) & 1;
  }
  difference.size_ = a.size_;
  difference.trim();
  return difference;
}

bool operator<(const Wide& a, const Wide& b) {
  if (a.size_ != b.size_) return a.size_ < b.size_;
  for (int i = a.size_ - 1; i >= 0; --i) {
    if (a.limb_[i] != b.limb_[i]) return a.limb_[i] < b.limb_[i];
  }
  return false;
}

Wide Wide::shifted_by_64() const {
  check(size_ < limbs_max, "Wide: a shift exceeds 384 bits");
  Wide shifted;
  std::copy_n(limb_.begin(), size_, shifted.limb_.begin() + 1);
  shifted.size_ = size_ == 0 ? 0 : size_ + 1;
  return shifted;
}

std::optional<Units> Wide::over_2_64(Rounding rounding) const {
  if (size_ > 2) return std::nullopt;
  const bool up = rounding == Rounding::up && limb_[0] != 0;
  if (up && limb_[1] == ~Limb(0)) return std::nullopt;
  return limb_[1] + (up ? 1 : 0);
}

std::optional<U128> Wide::narrow() const {
  if (size_ > 2) return std::nullopt;
  return U128(limb_[1]) << 64 | limb_[0];
}

std::optional<U128> divide(const Wide& numerator, const Wide& denominator, Rounding rounding) {
  const int n = numerator.size_;
  const int m = denominator.size_;
  check(m > 0, "Wide: division by zero");
  if (n <= 2 && m <= 2) {
    const U128 value = *numerator.narrow();
    const U128 by = *denominator.narrow();
    const U128 quotient = value / by;
    return rounded(quotient, quotient * by == value, rounding);
  }
  if (n < m) return rounded(0, n == 0, rounding);
  Shifted value{};
  if (m == 1) {
    std::copy_n(numerator.limb_.begin(), n, value.begin());
    const bool exact = divide_by_limb(value, n, denominator.limb_[0]) == 0;
    if (std::any_of(value.begin() + 2, value.end(), [](Limb limb) { return limb != 0; })) {
      return std::nullopt;
    }
    return rounded(U128(value[1]) << 64 | value[0], exact, rounding);
  }
  // Step D1: shift both up until the divisor's highest bit is set.
  Shifted divisor{};
  const int shift = std::countl_zero(denominator.limb_[m - 1]);
  auto shift_up = [shift](const auto& from, int size, Shifted& to) {
    Limb carry = 0;
    for (int i = 0; i < size; ++i) {
      to[i] = from[i] << shift | carry;
      carry = shift == 0 ? 0 : from[i] >> (64 - shift);
    }
    to[size] = carry;
  };
  shift_up(denominator.limb_, m, divisor);
  shift_up(numerator.limb_, n, value);
  U128 quotient = 0;
  for (int at = n - m; at >= 0; --at) {
    const Limb digit = divide_digit(value, at, divisor, m);
    if (quotient >> 64 != 0) return std::nullopt;
    quotient = quotient << 64 | digit;
  }
  const bool exact =
      std::all_of(value.begin(), value.begin() + m, [](Limb limb) { return limb == 0; });
  return rounded(quotient, exact, rounding);
}

std::optional<U128> mul_div(U128 a, U128 b, U128 c, Rounding rounding) {
  U128 product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) {
    check(c != 0, "mul_div: division by zero");
    const U128 quotient = product / c;
    return rounded(quotient, quotient * c == product, rounding);
  }
  return divide(Wide(a) * Wide(b), Wide(c), rounding);
}

}  // namespace oee
