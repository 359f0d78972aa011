#include "projections/postgres/exact_text.h"

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

}  // namespace oee
