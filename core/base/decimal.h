// Exact decimals: a scaled 64-bit integer, value = units / 10^scale. Amounts carry their token's
// decimals as scale (Solana's u64 base units); prices carry up to 18. There is no floating point
// anywhere. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace oee {

using Units = std::uint64_t;                   // base units of a token
__extension__ typedef unsigned __int128 U128;  // intermediates of 64-bit products

struct Decimal {
  Units units = 0;
  std::uint8_t scale = 0;  // 0..18

  // Compares units and scale: 1.50 with scale 2 differs from 1.5 with scale 1.
  friend bool operator==(const Decimal&, const Decimal&) = default;
};

inline constexpr int decimal_scale_max = 18;

// Compares the numbers: 1.50 equals 1.5. REQUIRES: scales <= decimal_scale_max.
bool equal_value(Decimal a, Decimal b);

// Shortest exact text: no exponent, no trailing zeros after the point ("1.5", "0.000001", "20").
std::string to_text(Decimal value);
void append_text(std::string& out, Decimal value);

// Parses a JSON number's text ("1.5", "1e-3", "2E+2") as base units at `scale`.
// invalid: not a number, negative, or more precise than `scale`; full: exceeds 64 bits.
Result<Units> parse_units(std::string_view text, std::uint8_t scale);
// The same, but digits past `scale` are cut off: the result never exceeds the number in the text.
Result<Units> parse_units_down(std::string_view text, std::uint8_t scale);

// out / in as a price, rounded to at most 18 decimals and at most 18 significant digits (so that
// the mantissa fits 64 bits), without trailing zeros. A quotient above 2^64 - 1 gives 2^64 - 1.
// REQUIRES: in.units > 0, scales <= decimal_scale_max.
enum class Rounding : std::uint8_t { down, up };
Decimal price_of(Decimal out, Decimal in, Rounding rounding = Rounding::down);

// floor(a * b / c) with a 128-bit intermediate. full: does not fit 64 bits. REQUIRES: c > 0.
Result<Units> mul_div(Units a, Units b, Units c);

// The smallest output that `slippage_bps` allows, rounded up to the user's side:
// ceil(expected * (10,000 - slippage_bps) / 10,000). REQUIRES: slippage_bps <= 10,000.
Units min_out_of(Units expected, std::uint32_t slippage_bps);

}  // namespace oee
