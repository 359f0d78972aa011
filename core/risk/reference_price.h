// The reference price of a pair, for the price collar: from its tokens' prices in the registry.
// Pure; any thread.
#pragma once

#include <optional>

#include "core/order/token_registry.h"

namespace oee {

// Output per input, rounded down as price_of(); nullopt: the registry lacks one of the tokens, or
// the price rounds to zero.
std::optional<Decimal> reference_price(const TokenRegistry& tokens, const Token& input,
                                       const Token& output);

}  // namespace oee
