#include "core/base/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace oee {
namespace {

constexpr std::array<std::uint64_t, 20> powers_of_ten = [] {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (auto& each : powers) {
    each = power;
    power *= 10;
  }
  return powers;
}();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The parts of a JSON number. `exponent` saturates far above every scale.
struct NumberText {
  std::string_view whole;
  std::string_view fraction;
  int exponent = 0;
};

Result<NumberText> split_number(std::string_view text) {
  const Error bad{Errc::invalid, "not a decimal number"};
  if (!text.empty() && text.front() == '-') return Error{Errc::invalid, "must not be negative"};
  NumberText parts;
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  parts.whole = text.substr(0, at);
  if (parts.whole.empty() || (parts.whole.size() > 1 && parts.whole.front() == '0')) return bad;
  if (at < text.size() && text[at] == '.') {
    const std::size_t begin = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    parts.fraction = text.substr(begin, at - begin);
    if (parts.fraction.empty()) return bad;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (at == text.size()) return bad;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (parts.exponent < 10'000) parts.exponent = parts.exponent * 10 + (text[at] - '0');
    }
    if (!is_digit(text[at - 1])) return bad;
    if (minus) parts.exponent = -parts.exponent;
  }
  if (at != text.size()) return bad;
  return parts;
}

enum class Excess : std::uint8_t { refused, cut };  // digits past the scale

Result<Units> parse(std::string_view text, std::uint8_t scale, Excess excess) {
  OEE_TRY_ASSIGN(const NumberText parts, split_number(text));
  std::string digits(parts.whole);
  digits += parts.fraction;
  // value = digits * 10^shift base units.
  int shift = parts.exponent + scale - static_cast<int>(parts.fraction.size());
  while (shift < 0 && !digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++shift;
  }
  if (shift < 0 && excess == Excess::cut) {
    digits.resize(digits.size() - std::min(digits.size(), static_cast<std::size_t>(-shift)));
    shift = 0;
  }
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return Units{0};
  if (shift < 0) return Error{Errc::invalid, "more than " + std::to_string(scale) + " decimals"};
  const Error too_large{Errc::full, "too large"};
  const auto significant = static_cast<int>(digits.size() - first);
  if (significant + shift > 20) return too_large;
  U128 units = 0;
  for (std::size_t i = first; i < digits.size(); ++i)
    units = units * 10 + static_cast<unsigned>(digits[i] - '0');
  for (; shift > 0; --shift) units *= 10;
  if (units > std::numeric_limits<Units>::max()) return too_large;
  return static_cast<Units>(units);
}

}  // namespace

Result<Units> parse_units(std::string_view text, std::uint8_t scale) {
  return parse(text, scale, Excess::refused);
}

Result<Units> parse_units_down(std::string_view text, std::uint8_t scale) {
  return parse(text, scale, Excess::cut);
}

void append_text(std::string& out, Decimal value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value.units).ptr;
  std::string_view text(digits, static_cast<std::size_t>(end - digits));
  if (value.scale == 0) {
    out += text;
    return;
  }
  if (text.size() > value.scale) {
    out += text.substr(0, text.size() - value.scale);
    text.remove_prefix(text.size() - value.scale);
  } else {
    out += '0';
  }
  const std::size_t last = text.find_last_not_of('0');
  if (last == std::string_view::npos) return;
  out += '.';
  out.append(value.scale - text.size(), '0');
  out += text.substr(0, last + 1);
}

std::string to_text(Decimal value) {
  std::string out;
  append_text(out, value);
  return out;
}

bool equal_value(Decimal a, Decimal b) {
  if (a.scale > b.scale) std::swap(a, b);
  check(b.scale <= decimal_scale_max, "decimal scale out of range");
  return U128{a.units} * powers_of_ten[b.scale - a.scale] == b.units;
}

Decimal price_of(Decimal out, Decimal in, Rounding rounding) {
  check(in.units > 0, "price_of: zero input");
  check(out.scale <= decimal_scale_max && in.scale <= decimal_scale_max,
        "decimal scale out of range");
  // price = (out.units * 10^in.scale) / (in.units * 10^out.scale), by long division. Both sides fit
  // 128 bits: 2^64 * 10^18 < 2^124. A remainder times ten is below 2^127.4.
  const U128 numerator = U128{out.units} * powers_of_ten[in.scale];
  const U128 denominator = U128{in.units} * powers_of_ten[out.scale];
  const U128 whole = numerator / denominator;
  U128 rest = numerator % denominator;
  constexpr std::uint64_t mantissa_max = 999'999'999'999'999'999ULL;  // 18 significant digits
  if (whole > mantissa_max) {
    const U128 rounded = rounding == Rounding::up && rest != 0 ? whole + 1 : whole;
    const auto cap = std::numeric_limits<Units>::max();
    return Decimal{rounded > cap ? cap : static_cast<Units>(rounded), 0};
  }
  Decimal price{static_cast<Units>(whole), 0};
  while (rest != 0 && price.scale < decimal_scale_max && price.units <= mantissa_max / 10) {
    rest *= 10;
    const auto digit = static_cast<Units>(rest / denominator);
    price.units = price.units * 10 + digit;
    rest %= denominator;
    ++price.scale;
  }
  if (rounding == Rounding::up && rest != 0) ++price.units;
  while (price.scale > 0 && price.units % 10 == 0) {
    price.units /= 10;
    --price.scale;
  }
  return price;
}

Result<Units> mul_div(Units a, Units b, Units c) {
  check(c > 0, "mul_div: division by zero");
  const U128 value = U128{a} * b / c;
  if (value > std::numeric_limits<Units>::max()) return Error{Errc::full, "exceeds 64 bits"};
  return static_cast<Units>(value);
}

Units min_out_of(Units expected, std::uint32_t slippage_bps) {
  check(slippage_bps <= 10'000, "slippage above 10,000 basis points");
  return static_cast<Units>((U128{expected} * (10'000 - slippage_bps) + 9'999) / 10'000);
}

}  // namespace oee
