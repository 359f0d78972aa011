// The body of PATCH /v1/orders/{id}: parses JSON text to the new terms of an order, or to a Problem
// that lists all errors at once. Pure; any thread.
#pragma once

#include <string_view>
#include <variant>

#include "api/http/problem.h"
#include "core/order/order.h"

namespace oee {

// The order's tokens give the amounts their scales, and its type and price decide nothing: the
// order may change until the amendment is decided. An order of an exact output has a maxInput, and
// neither amount nor minOut. At least one term is required; expiresAt null removes the expiry.
// Problems: as parse_order_body(). A time that has passed is refused unless the amendment has a key
// (`keyed`): it may repeat one that was accepted.
std::variant<Amendment, Problem> parse_amend_body(std::string_view body, const Order& order,
                                                  WallTime now, bool keyed);

// The problem of an amendment that the order's state does not allow: decide() names the term at the
// beginning of the detail, before a colon.
Problem amend_problem(const Error& error);

}  // namespace oee
