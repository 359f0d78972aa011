// Dialects over HTTP: a body to a validated PlaceOrder, and what is answered or refused, as the row
// of dialects.h says. Pure; any thread.
#pragma once

#include <string_view>
#include <variant>

#include "api/dialects/dialects.h"
#include "api/http/problem.h"
#include "core/order/command.h"
#include "core/order/token_registry.h"

namespace oee {

struct DialectOrder {
  const DialectSubmit* row;                 // whose answer or refusal is due
  std::variant<PlaceOrder, Problem> order;  // the Problem's kind has the row's status
};
// REQUIRES: dialect_submits(path) is not empty.
DialectOrder read_dialect_order(std::string_view path, std::string_view body,
                                const TokenRegistry& tokens);

// 200, with the members that the row names.
HttpAnswer dialect_answer(const DialectSubmit& row, const OrderId& id);

// Any refusal, of a body or of the engine, with the problem's status and Retry-After.
HttpAnswer dialect_refusal(const DialectSubmit& row, const Problem& problem);

}  // namespace oee
