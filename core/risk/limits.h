// RiskLimits: the limits that an order must keep before it is accepted, for each account and for
// all accounts together. The text is TOML (--risk-file); api/README.md shows a file. Values; any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sha256.h"
#include "core/order/token_registry.h"

namespace oee {

// An amount of one token, in its base units.
struct TokenLimit {
  Token token;
  Units units = 0;
  friend bool operator==(const TokenLimit&, const TokenLimit&) = default;
};

// Sells `input` for `output`. The other direction is another pair.
struct AllowedPair {
  Symbol input;
  Symbol output;
  friend bool operator==(const AllowedPair&, const AllowedPair&) = default;
  friend auto operator<=>(const AllowedPair&, const AllowedPair&) = default;
};

// The limits of an account, or of all. A limit that is not set allows everything; a limit of zero
// allows nothing. Amounts are of input tokens; a token without an amount has no such limit. Lists
// are sorted.
struct LimitSet {
  std::vector<TokenLimit> largest_order;
  std::optional<std::uint64_t> open_orders;
  std::vector<TokenLimit> open_notional;           // the amounts of the open orders, added up
  std::vector<TokenLimit> day_notional;            // of the orders accepted on one UTC day
  std::optional<std::uint64_t> orders_per_second;  // accepted in one second of the clock
  std::optional<std::vector<Symbol>> tokens;       // both tokens of an order are among these
  std::optional<std::vector<AllowedPair>> pairs;
  std::optional<std::uint64_t> slippage_bps;
  std::optional<std::uint64_t> price_collar_bps;  // how far a price may be from the reference price

  friend bool operator==(const LimitSet&, const LimitSet&) = default;
};

struct RiskLimits {
  LimitSet all;      // of all accounts together
  LimitSet account;  // of each account that is not in `accounts`
  // Complete sets: a limit that the file does not set for the account is that of `account`.
  std::map<std::string, LimitSet, std::less<>> accounts;

  const LimitSet& of(std::string_view account_name) const;
  friend bool operator==(const RiskLimits&, const RiskLimits&) = default;
};

// The limit of this token among `limits`; nullopt: it has none.
std::optional<Units> limit_of(const std::vector<TokenLimit>& limits, const Token& token);

inline constexpr std::size_t risk_file_bytes_max = 1 << 20;
// Limits: risk_file_bytes_max, 10,000 accounts, risk_limits_bytes_max of canonical text. invalid: a
// text beyond them, no such TOML, or an unknown key, token or value; the detail names line and key.
Result<RiskLimits> parse_risk_limits(std::string_view toml, const TokenRegistry& tokens);

// One line for each limit, in a fixed order. Two files with the same effect have the same text. An
// amount has all decimals of its token; an account has the limits that differ from those of
// `account`:
//   oee/risk-limits/2
//   all open_orders 1000
//   account largest_order SOL 100.500000000
//   account "desk" pairs SOL/USDC,USDC/SOL
// It is the stored text of RiskLimitsChanged.
std::string canonical_text(const RiskLimits& limits);
// The limits of such a text. invalid: canonical_text() gives no such text; the detail has its line.
Result<RiskLimits> parse_canonical_limits(std::string_view text);
// The limits after the records of the engine's own stream; no limits before the first
// RiskLimitsChanged. unsupported: a newer program wrote its text; the detail has the seq.
Result<RiskLimits> limits_of(std::span<const Record> own_stream);
// SHA-256 of the canonical text.
Hash256 hash_of(const RiskLimits& limits);

// The text of a list: "SOL,USDC", "SOL/USDC". Empty: no token or pair.
std::string to_text(const std::vector<Symbol>& tokens);
std::string to_text(const std::vector<AllowedPair>& pairs);

// The kinds of limits that are numbers and amounts, with their names in the file, in refusals and
// in GET /v1/risk.
struct CountLimitRow {
  std::string_view name;
  std::optional<std::uint64_t> LimitSet::*member;
  std::uint64_t max;  // the greatest value in the file
};
inline constexpr CountLimitRow open_orders_row{"open_orders", &LimitSet::open_orders, 10'000'000};
inline constexpr CountLimitRow orders_per_second_row{"orders_per_second",
                                                     &LimitSet::orders_per_second, 10'000'000};
inline constexpr CountLimitRow slippage_row{"slippage_bps", &LimitSet::slippage_bps, 10'000};
inline constexpr CountLimitRow price_collar_row{"price_collar_bps", &LimitSet::price_collar_bps,
                                                1'000'000};
inline constexpr CountLimitRow count_limits[] = {open_orders_row, orders_per_second_row,
                                                 slippage_row, price_collar_row};

struct AmountLimitRow {
  std::string_view name;
  std::vector<TokenLimit> LimitSet::*member;
};
inline constexpr AmountLimitRow largest_order_row{"largest_order", &LimitSet::largest_order};
inline constexpr AmountLimitRow open_notional_row{"open_notional", &LimitSet::open_notional};
inline constexpr AmountLimitRow day_notional_row{"day_notional", &LimitSet::day_notional};
inline constexpr AmountLimitRow amount_limits[] = {largest_order_row, open_notional_row,
                                                   day_notional_row};

inline constexpr std::string_view tokens_limit_name = "tokens";
inline constexpr std::string_view pairs_limit_name = "pairs";

}  // namespace oee
