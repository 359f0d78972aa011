// The body of POST /v1/orders: parses JSON text to a validated PlaceOrder, or to a Problem that
// lists all errors at once. Amounts are parsed from the text of the number, never through floating
// point. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "api/http/problem.h"
#include "api/orders/body_checks.h"
#include "core/order/command.h"
#include "core/order/token_registry.h"

namespace oee {

inline constexpr std::size_t client_order_id_max = 64;  // printable ASCII without spaces
// Checks the characters only, not the length. Tags have the same.
bool is_client_order_id_text(std::string_view text);

// Problems:
//   invalid_json   not JSON, nested deeper than 8, or more than one value
//   invalid_order  everything else
// An order with a limitPrice and without slippageBps has 10,000: its limit alone counts. Without
// timeInForce a market order is by_type; another one is gtt when it has an expiresAt, else gtc.
// An order whose expiresAt has passed is refused unless it has a key (`keyed`, or a clientOrderId).
// With a key it may repeat an existing order, and only the log has the first answer. A new order
// whose time has passed then expires at once.
// An order has an amount, or an outputAmount and a maxInput, which is its amount_in. One with an
// outputAmount takes no parts: ioc is then all of it or nothing.
// The id of a quote is read as a text; QuoteIds::bind() checks it.
std::variant<PlaceOrder, Problem> parse_order_body(std::string_view body,
                                                   const TokenRegistry& tokens, WallTime now,
                                                   bool keyed);

// The two tokens of a swap and its amount. The body of an order and the query of a quote both name
// them. Errors are appended to `items`, each with the name of its member or parameter.
struct SwapRequest {
  Token input;
  Token output;
  Decimal amount_in;
};
struct SwapText {
  std::optional<std::string_view> input;
  std::optional<std::string_view> output;
  std::optional<std::string_view> amount;  // a decimal number's text
};
// The name of each in error messages: a JSON pointer or the name of a query parameter.
struct SwapNames {
  std::string input;
  std::string output;
  std::string amount;
};
SwapRequest check_swap(const SwapText& text, const TokenRegistry& tokens, const SwapNames& names,
                       std::vector<ProblemItem>& items,
                       ExcessDigits excess = ExcessDigits::refused);

}  // namespace oee
