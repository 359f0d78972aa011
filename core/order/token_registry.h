// TokenRegistry: the configured tokens and venues (schemas/tokens.json by default). Immutable after
// the start; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/event.h"
#include "core/order/pool_kind.h"

namespace oee {

struct TokenInfo {
  Token token;
  std::string name;         // "Solana"
  std::string mint;         // base58 mint address, informative
  Decimal reference_price;  // in USD; the simulated venues drift around it
  bool pools = true;        // whether the venues have pools of it at first
};

// A venue's terms. It has a pool for every pair of tokens that have pools at first, with
// `depth_usd` on each side.
struct VenueInfo {
  VenueName name;                 // "raydium"
  std::uint32_t fee_per_million;  // 2500 = 0.25 %
  std::uint64_t depth_usd;        // value of one side of each pool
  std::int32_t price_offset_bps;  // the venue's price against the reference, for example +150
  PoolKind pool_kind = PoolKind::constant_product;  // of its first pools
};

// floor(usd / reference price) in base units. full: does not fit 64 bits.
Result<Units> units_worth(std::uint64_t usd, const TokenInfo& token);

class TokenRegistry {
 public:
  // Parses the JSON text of a registry file:
  //   tokens[]  symbol, name, decimals, reference_price, mint; optional: pools, false for a token
  //             whose pools are not open at first (POST /test/pools opens them)
  //   venues[]  name, fee_per_million, depth_usd, price_offset_bps; optional: pool_kind, one of
  //             constantProduct (the default), stableSwap, bins, ticks: of the venue's first pools
  // Prices are JSON strings, so that their digits are
  // exact. Limits: 2..64 tokens, 1..16 venues, 10^6..2^62 base units on each side of a pool (fine
  // enough to quote a price, with room to grow within 64 bits). invalid: the text is not such a
  // registry, or has unknown members; the detail names the member.
  static Result<TokenRegistry> parse(std::string_view json);
  // The registry shipped with the program (schemas/tokens.json, embedded at build time).
  static const TokenRegistry& defaults();

  // Symbols are case-sensitive ("SOL"). nullptr: no such token.
  const TokenInfo* find(std::string_view symbol) const;
  const std::vector<TokenInfo>& tokens() const { return tokens_; }
  const std::vector<VenueInfo>& venues() const { return venues_; }

 private:
  std::vector<TokenInfo> tokens_;
  std::vector<VenueInfo> venues_;
};

}  // namespace oee
