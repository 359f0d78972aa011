// Dialects over HTTP: reads a body into a validated PlaceOrder, and writes the answer or the
// refusal, as the row in dialects.h states. Pure; any thread.
#pragma once

#include <string_view>
#include <variant>

#include "api/dialects/dialects.h"
#include "api/http/problem.h"
#include "core/order/command.h"
#include "core/order/token_registry.h"

namespace oee {

struct DialectOrder {
  const DialectSubmit* row;                 // determines the format of the answer or refusal
  std::variant<PlaceOrder, Problem> order;  // the Problem's kind has the row's status
};
// `rows`: Dialects::submits() of the request's path. REQUIRES: not empty.
DialectOrder read_dialect_order(std::span<const DialectSubmit> rows, std::string_view body,
                                const TokenRegistry& tokens);

// 200 with the members that the row names.
HttpAnswer dialect_answer(const DialectSubmit& row, const OrderId& id);

// A refusal of the body or by the engine, with the problem's status and Retry-After.
HttpAnswer dialect_refusal(const DialectSubmit& row, const Problem& problem);

}  // namespace oee
