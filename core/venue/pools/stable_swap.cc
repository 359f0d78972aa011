#include "core/venue/pools/stable_swap.h"

#include <algorithm>
#include <limits>

#include "core/base/check.h"
#include "core/venue/pool.h"
#include "core/venue/pools/search.h"

namespace oee {
namespace {

constexpr int newton_steps_max = 256;
// Of the output token, times its multiplier: D and y stop within a unit or two of the exact ones.
constexpr U128 newton_excess_max = 4;
constexpr Units units_max = std::numeric_limits<Units>::max();

bool near(U128 a, U128 b) {
  return a > b ? a - b <= 1 : b - a <= 1;
}

// a * b / c, rounded down; keeps an earlier failure.
std::optional<U128> then_mul_div(std::optional<U128> a, U128 b, U128 c) {
  if (!a) return std::nullopt;
  return mul_div(*a, b, c, Rounding::down);
}

// D by Newton's method from D = x + y:
//   P = D*D/(2x)*D/(2y);  D' = D*(2P + 2A*(x+y)) / (D*(2A-1) + 3P).
std::optional<U128> invariant_of(U128 x, U128 y, std::uint64_t ann) {
  U128 d = x + y;
  for (int i = 0; i < newton_steps_max; ++i) {
    const auto product = then_mul_div(mul_div(d, d, 2 * x, Rounding::down), d, 2 * y);
    if (!product || *product >> 126 != 0) return std::nullopt;
    U128 leverage = 0;
    U128 denominator = 0;
    if (__builtin_mul_overflow(x + y, U128(ann), &leverage) ||
        __builtin_add_overflow(leverage, 2 * *product, &leverage) ||
        __builtin_mul_overflow(d, U128(ann - 1), &denominator) ||
        __builtin_add_overflow(denominator, 3 * *product, &denominator)) {
      return std::nullopt;
    }
    const auto next = mul_div(d, leverage, denominator, Rounding::down);
    if (!next) return std::nullopt;
    const U128 before = d;
    d = *next;
    if (near(d, before)) break;
  }
  return d;
}

// The reserve of the one token that keeps D beside `x` of the other, by Newton's method from y = D:
//   c = D*D/(2x)*D/(2*2A);  b = D/(2A) + x;  y' = (y*y + c) / (2y + b - D).
std::optional<U128> balance_beside(U128 x, U128 d, std::uint64_t ann) {
  const auto c = then_mul_div(mul_div(d, d, 2 * x, Rounding::down), d, 2 * U128(ann));
  if (!c) return std::nullopt;
  const U128 b = d / ann + x;
  U128 y = d;
  for (int i = 0; i < newton_steps_max; ++i) {
    if (2 * y + b <= d) return std::nullopt;
    const U128 denominator = 2 * y + b - d;
    U128 numerator = 0;
    std::optional<U128> next;
    if (!__builtin_mul_overflow(y, y, &numerator) &&
        !__builtin_add_overflow(numerator, *c, &numerator)) {
      next = numerator / denominator;
    } else {
      next = divide(Wide(y) * Wide(y) + Wide(*c), Wide(denominator), Rounding::down);
    }
    if (!next) return std::nullopt;
    const U128 before = y;
    y = *next;
    if (near(y, before)) break;
  }
  return y;
}

}  // namespace

Result<PoolSwap> trade_exact_in(StableSwapPool& pool, Direction direction, Units amount_in) {
  const bool sells_a = direction == Direction::a_to_b;
  Units& in = sells_a ? pool.reserve_a : pool.reserve_b;
  Units& out = sells_a ? pool.reserve_b : pool.reserve_a;
  if (in == 0 || out == 0) return pool_is_empty();
  if (amount_in == 0) return swap_of_zero();
  const StableSwapCurve curve(pool, direction);
  if (amount_in > curve.capacity()) return swap_overflow();
  const PoolSwap swap{amount_in, curve.out(amount_in), curve.fee(amount_in)};
  if (swap.amount_out == 0) return swap_rounds_to_zero();
  in += amount_in;
  out -= swap.amount_out;
  return swap;
}

StableSwapCurve::StableSwapCurve(const StableSwapPool& pool, Direction direction)
    : ann_(pool.amplification * 2), fee_per_million_(pool.fee_per_million) {
  check(pool.amplification >= 1 && pool.amplification <= 1'000'000 && pool.multiplier_a >= 1 &&
            pool.multiplier_b >= 1 && fee_per_million_ < fee_unit,
        "StableSwapCurve: terms out of range");
  const bool sells_a = direction == Direction::a_to_b;
  const Units reserve_in = sells_a ? pool.reserve_a : pool.reserve_b;
  multiplier_in_ = sells_a ? pool.multiplier_a : pool.multiplier_b;
  multiplier_out_ = sells_a ? pool.multiplier_b : pool.multiplier_a;
  in_ = U128(reserve_in) * multiplier_in_;
  out_ = U128(sells_a ? pool.reserve_b : pool.reserve_a) * multiplier_out_;
  if (in_ == 0 || out_ == 0) return;
  const auto invariant = invariant_of(in_, out_, ann_);
  if (!invariant) return;
  invariant_ = *invariant;
  capacity_ = units_max - reserve_in;
  if (!exact_out_of(1)) capacity_ = 0;
}

Units StableSwapCurve::fee(Units amount_in) const {
  if (fee_per_million_ == 0 || amount_in == 0) return 0;
  return std::max<Units>(1, part_down<fee_unit>(amount_in, fee_per_million_));
}

std::optional<Units> StableSwapCurve::exact_out_of(Units amount_in) const {
  const U128 traded = U128(amount_in - fee(amount_in)) * multiplier_in_;
  const auto left = balance_beside(in_ + traded, invariant_, ann_);
  if (!left) return std::nullopt;
  if (*left + 1 > out_) return 0;  // the program refuses it: nothing is left to pay out
  return static_cast<Units>((out_ - *left - 1) / multiplier_out_);
}

Units StableSwapCurve::out(Units amount_in) const {
  const Units in = std::min(amount_in, capacity_);
  if (in == 0) return 0;
  return exact_out_of(in).value_or(0);
}

// The derivative of y at D: y * (2A*x + P) / (x * (2A*y + P)) with P = D^3 / (4*x*y).
std::optional<StableSwapCurve::Slope> StableSwapCurve::slope() const {
  if (capacity_ == 0) return std::nullopt;
  const auto product =
      then_mul_div(mul_div(invariant_, invariant_, 2 * in_, Rounding::down), invariant_, 2 * out_);
  if (!product) return std::nullopt;
  const Wide beside_in = Wide(in_) * Wide(ann_) + Wide(*product);
  const Wide beside_out = Wide(out_) * Wide(ann_) + Wide(*product);
  Slope slope;
  slope.in = Wide(in_) * beside_out;
  slope.out = Wide(out_) * beside_in * Wide(multiplier_in_);
  if (multiplier_out_ > multiplier_in_ && multiplier_out_ > newton_excess_max) {
    // out * multiplier_out <= exact + excess, and out >= 1: the excess is a part of each unit.
    slope.in = slope.in * Wide(multiplier_out_ - newton_excess_max);
  } else {
    // in >= 1: the excess is at most that much for each unit.
    slope.out = slope.out + slope.in * Wide(newton_excess_max);
    slope.in = slope.in * Wide(multiplier_out_);
  }
  return slope;
}

// The curve is symmetric: the input that pays `amount_out` is near balance_beside(out -
// amount_out).
std::optional<Units> StableSwapCurve::least_in(Units amount_out) const {
  if (amount_out == 0) return 0;
  const U128 paid = U128(amount_out) * multiplier_out_ + 1;
  if (capacity_ == 0 || paid >= out_) return std::nullopt;
  const auto balance = balance_beside(out_ - paid, invariant_, ann_);
  if (!balance) return std::nullopt;
  const U128 traded = *balance > in_ ? (*balance - in_) / multiplier_in_ : 0;
  if (traded > capacity_) return std::nullopt;
  const auto guess = as_units(divide_up(traded * fee_unit, fee_unit - fee_per_million_));
  return least_where([&](Units in) { return out(in) >= amount_out; }, guess.value_or(capacity_),
                     capacity_);
}

}  // namespace oee
