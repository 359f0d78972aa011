// Call: one request as its endpoint receives it, and the answers that all endpoints share. Pure; on
// the request's loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/access/access.h"
#include "api/http/message.h"
#include "api/http/problem.h"
#include "core/order/ids.h"
#include "core/seams/entropy.h"

namespace oee {

// References are valid until the endpoint's Task ends.
struct Call {
  const BeastRequest& request;
  std::string_view query;  // without "?"
  std::string_view id;     // the segment that matches {id} in the route's pattern; else empty
  std::string_view request_id;
  PrincipalPtr principal;  // the caller; never null
};

// The path of the target, without the query.
std::string_view path_of(const Call& call);

// The order id in the path. Empty: the segment is not a UUID, so no such order can exist.
std::optional<OrderId> id_of(const Call& call);

// The trace id of the request's traceparent header, or a new random one.
CorrelationId correlation_of(const Call& call, Entropy& entropy);

// problem+json for a failed operation. `write`: an append, whose outcome may be unknown.
HttpAnswer failed(const Error& error, bool write, const Call& call);
HttpAnswer refused(const ProblemKind& kind, std::string detail, const Call& call);
HttpAnswer no_such_order(const Call& call);

// 426: the path is only for WebSockets.
HttpAnswer upgrade_required(const Call& call);

// 503 with Retry-After for a new order that the engine has no room for.
HttpAnswer busy_answer(std::string_view why, std::chrono::seconds retry_after, const Call& call);

}  // namespace oee
