// The body of POST /v1/orders/{id}/resolve: parses JSON text to a validated ResolveOutcome, or to a
// Problem that lists all errors at once. Pure; any thread.
#pragma once

#include <string_view>
#include <variant>

#include "api/http/problem.h"
#include "core/order/command.h"
#include "core/order/order.h"

namespace oee {

// {"attempt":2,"outcome":"settled","txHash":"...","amountOut":"224.4","fee":"0.003","why":"..."} or
// {"attempt":2,"outcome":"notSettled","why":"..."}. txHash and amountOut are required when settled;
// `fee` is then 0 by default. Of an exact output amountIn, the input that it took, is required too.
// Amounts are in the order's tokens.
// Problems:
//   invalid_json   not JSON, nested deeper than 8, or more than one value
//   invalid_order  everything else
std::variant<ResolveOutcome, Problem> parse_resolve_body(std::string_view body, const Order& order);

// The problem of an outcome that contradicts the order's records, as decide() returns it.
Problem resolve_problem(const Error& error);

}  // namespace oee
