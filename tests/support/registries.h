// Token registries of tests: the tokens and venues of the default one, with pools of other kinds
// and with a token whose pools are not open at first.
#pragma once

#include <string>

#include "core/order/token_registry.h"

namespace oee {
namespace embedded {
extern const char* const tokens_json;
}

namespace test {

// The symbol of the token without pools: 6 decimals, 2 USD.
inline constexpr const char* unlisted_symbol = "NEWT";

// The text of a registry file. `raydium`, `meteora`: the kinds of the venues' first pools.
inline std::string registry_text(PoolKind raydium, PoolKind meteora) {
  std::string text = embedded::tokens_json;
  const std::string_view offset = R"("price_offset_bps")";
  std::size_t at = 0;
  for (const PoolKind kind : {raydium, meteora}) {
    const std::string member = R"("pool_kind": ")" + std::string(to_string(kind)) + R"(", )";
    at = text.find(offset, at);
    text.insert(at, member);
    at += member.size() + offset.size();
  }
  const std::string token = R"(, {"symbol": ")" + std::string(unlisted_symbol) +
                            R"(", "name": "Newt", "decimals": 6, "reference_price": "2.00",)"
                            R"( "mint": "Newt111111111111111111111111111111111111111",)"
                            R"( "pools": false})";
  return text.insert(text.find(']'), token);
}

inline TokenRegistry registry_of(PoolKind raydium, PoolKind meteora) {
  auto parsed = TokenRegistry::parse(registry_text(raydium, meteora));
  check(parsed.ok(), "a registry of a test is valid");
  return *std::move(parsed);
}
inline TokenRegistry registry_of(PoolKind kind) {
  return registry_of(kind, kind);
}

}  // namespace test
}  // namespace oee
