#include "projections/exact_text.h"

#include <array>

namespace oee {

Result<Decimal> parse_exact_decimal(std::string_view text, std::uint8_t scale) {
  const std::size_t point = text.find('.');
  const std::size_t fraction = point == std::string_view::npos ? 0 : text.size() - point - 1;
  if (fraction > decimal_scale_max) return Error{Errc::corrupt, "more than 18 decimals"};
  const auto scale_least = static_cast<std::uint8_t>(fraction);
  if (scale > scale_least) {
    if (auto units = parse_units(text, scale)) return Decimal{*units, scale};
  }
  const auto units = parse_units(text, scale_least);
  if (!units) return Error{Errc::corrupt, "not an exact decimal: " + units.error().detail};
  return Decimal{*units, scale_least};
}

Result<TxHash> parse_tx_hash(std::string_view text) {
  constexpr std::string_view digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const Error bad{Errc::corrupt, "not a transaction hash (base58 of 64 bytes)"};
  if (text.size() > 88) return bad;
  TxHash hash;
  std::size_t zeros = 0;
  while (zeros < text.size() && text[zeros] == digits[0]) ++zeros;
  for (const char c : text) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) return bad;
    unsigned carry = static_cast<unsigned>(digit);
    for (std::size_t i = hash.bytes.size(); i > 0; --i) {
      carry += 58U * hash.bytes[i - 1];
      hash.bytes[i - 1] = static_cast<std::uint8_t>(carry & 0xFF);
      carry >>= 8;
    }
    if (carry != 0) return bad;
  }
  std::size_t leading = 0;
  while (leading < hash.bytes.size() && hash.bytes[leading] == 0) ++leading;
  if (leading != zeros) return bad;
  return hash;
}

}  // namespace oee
