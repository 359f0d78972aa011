// The body of POST /v1/orders: JSON text to a validated PlaceOrder, or the Problem that says
// everything that is wrong with it at once. Amounts are taken from the text of the number, never
// through floating point. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "api/http/problem.h"
#include "core/order/command.h"
#include "core/order/token_registry.h"

namespace oee {

inline constexpr std::size_t client_order_id_max = 64;  // printable ASCII without spaces
// Of its characters alone.
bool is_client_order_id_text(std::string_view text);

// invalid_json: not JSON, nested deeper than 8, or more than one value; invalid_order: everything
// else. An order whose expiresAt has passed is refused, unless it has a key (`keyed`, or a
// clientOrderId): it may then be the repeat of an order that exists, whose answer only the log
// knows. A new one expires at once.
std::variant<PlaceOrder, Problem> parse_order_body(std::string_view body,
                                                   const TokenRegistry& tokens, WallTime now,
                                                   bool keyed);

// The two ends of a swap and its amount, as the body and the quote's query name them. What is wrong
// is appended to `items`, each under its place.
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
struct SwapPlaces {  // where each is: JSON pointers or parameters' names
  std::string input;
  std::string output;
  std::string amount;
};
SwapRequest check_swap(const SwapText& text, const TokenRegistry& tokens, const SwapPlaces& places,
                       std::vector<ProblemItem>& items);

}  // namespace oee
