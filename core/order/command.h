// Commands: the requests that create or change an order. They are already validated: strings are
// bounded, tokens are known, amounts are exact. Values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/event.h"

namespace oee {

// The names of accounts.
inline constexpr std::size_t account_bytes_max = 64;
inline constexpr std::string_view account_name_rule = "1 to 64 letters, digits, '.', '_' or '-'";
bool is_account_name(std::string_view text);

// The answer of GET /v1/quote that an order is bound to.
struct BoundQuote {
  std::string id;          // empty: none
  Units amount_out = 0;    // the order yields no less
  WallTime valid_until{};  // only a repetition is answered from then on
  Units amount_in = 0;     // of an order with exact_out: it sells no more
};

struct PlaceOrder {
  std::string account = "default";
  std::string idempotency_key;  // empty: none
  std::string client_order_id;  // empty: none
  Token input;
  Token output;
  Decimal amount_in;  // scale == input.decimals, units > 0; with exact_out the most to sell
  std::uint32_t slippage_bps = 100;
  OrderType type = OrderType::market;
  std::optional<WallTime> expires_at;
  std::optional<Units> min_out_floor;
  TimeInForce time_in_force = TimeInForce::by_type;
  std::optional<Decimal> limit_price;
  bool allow_partial = false;
  TypeTerms type_terms;
  std::vector<std::string> tags;
  BoundQuote quote;
  // The order sells the least input that yields so much. Such an order is no twap order, takes no
  // parts and has no min_out_floor.
  std::optional<Units> exact_out;
};

struct CancelOrder {
  std::string by;
  std::string why;
  std::string idempotency_key{};  // empty: none; a key of the account `by`
};
struct RequeueDeadLetter {
  std::string by;
  std::string why;
  std::string idempotency_key{};  // empty: none; a key of the account `by`
};
struct DiscardDeadLetter {
  std::string by;
  std::string why;
  std::string idempotency_key{};  // empty: none; a key of the account `by`
};

struct ResolveOutcome {
  std::string by;
  std::string why;
  std::string idempotency_key{};  // empty: none; a key of the account `by`
  Attempt attempt = 0;
  bool settled = false;  // false: the attempt never traded and never will
  // When settled.
  TxHash tx_hash{};
  Decimal amount_out{};  // scale == output.decimals
  Decimal fee{};         // scale == input.decimals
  // scale == input.decimals. Required of an order with exact_out, and of no other.
  std::optional<Decimal> amount_in{};
  std::optional<LegIndex> leg{};  // required of a split attempt, and of no other
};

// Changes the terms of what is still to be sold.
struct AmendOrder {
  std::string by;
  std::string why;
  std::string idempotency_key{};  // empty: none; a key of the account `by`
  Version version = 0;            // the order's version that the terms were chosen for
  Amendment terms;
};

struct HaltTrading {
  HaltScope scope = HaltScope::all;
  std::string value;  // the account, token or venue; empty: scope is all
  std::string by;
  std::string why;
  std::string idempotency_key{};  // empty: none; a key of the account `by`
};
struct ResumeTrading {
  Seq halt = 0;
  std::string by;
  std::string why;
  std::string idempotency_key{};  // empty: none; a key of the account `by`
};

// SHA-256 over the canonical text of the command without its keys: "oee/place-order/1\n", then a
// line "name=value\n" for each of account, input, output, amount (exact, shortest), slippageBps,
// type, expiresAt and minOut, then of timeInForce, limitPrice, allowPartial, triggerPrice,
// triggerWhen, minLiquidity, slices, intervalUs and randomize, those that it has, a line tag for
// each tag, then quoteId and outputAmount, those that it has. The amounts and the end of a quote do
// not count: its id stands for them.
// 1.5 and 1.50 have the same fingerprint.
Hash256 fingerprint_of(const PlaceOrder& command);
// The same of a change: "oee/change-order/1\n", then the lines event, account and order. Its reason
// does not count.
Hash256 fingerprint_of_change(EventType event, std::string_view account, const OrderId& order);
// The same with the lines attempt, outcome, txHash, amountOut, fee and, those that it has, amountIn
// and leg.
Hash256 fingerprint_of(const OrderId& order, const ResolveOutcome& command);
// The same of an amendment, with the lines version and those of the terms that it changes.
Hash256 fingerprint_of(const OrderId& order, const AmendOrder& command);
// "oee/trading/1\n", then the lines event, account, and scope, value and reason, or halt.
Hash256 fingerprint_of(const HaltTrading& command);
Hash256 fingerprint_of(const ResumeTrading& command);

}  // namespace oee
