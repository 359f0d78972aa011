#include "core/risk/reference_price.h"

namespace oee {

std::optional<Decimal> reference_price(const TokenRegistry& tokens, const Token& input,
                                       const Token& output) {
  const TokenInfo* const sold = tokens.find(input.symbol.view());
  const TokenInfo* const bought = tokens.find(output.symbol.view());
  if (sold == nullptr || bought == nullptr) return std::nullopt;
  const Decimal price = price_of(sold->reference_price, bought->reference_price, Rounding::down);
  if (price.units == 0) return std::nullopt;
  return price;
}

}  // namespace oee
