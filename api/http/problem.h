// Problem: an error answer in the format of RFC 9457 (application/problem+json), and the closed
// list of problem kinds of the REST face. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/message.h"
#include "core/base/limit_breach.h"

namespace oee {

struct ProblemKind {
  unsigned status;
  std::string_view code;   // stable, for programs
  std::string_view title;  // the same for every occurrence, for people
};

namespace problems {
inline constexpr ProblemKind invalid_json{400, "invalid_json", "The body is not valid JSON"};
inline constexpr ProblemKind invalid_query{400, "invalid_query", "The query is not valid"};
inline constexpr ProblemKind invalid_header{400, "invalid_header", "A header is not valid"};
inline constexpr ProblemKind unauthorized{401, "unauthorized", "A valid token is required"};
inline constexpr ProblemKind token_expired{401, "token_expired", "The token has expired"};
inline constexpr ProblemKind forbidden{403, "forbidden", "The token does not permit this request"};
inline constexpr ProblemKind foreign_origin{403, "foreign_origin",
                                            "Pages of this origin may not send this request"};
inline constexpr ProblemKind address_not_allowed{403, "address_not_allowed",
                                                 "The token may not be used from this address"};
inline constexpr ProblemKind not_found{404, "not_found", "There is no such resource"};
inline constexpr ProblemKind method_not_allowed{405, "method_not_allowed",
                                                "The method is not allowed here"};
inline constexpr ProblemKind not_acceptable{406, "not_acceptable",
                                            "None of the accepted media types is offered here"};
inline constexpr ProblemKind conflict{409, "conflict", "The order's state does not allow it"};
inline constexpr ProblemKind precondition_failed{412, "precondition_failed",
                                                 "The order is at another version"};
inline constexpr ProblemKind media_type{415, "unsupported_media_type",
                                        "The body is not application/json"};
inline constexpr ProblemKind invalid_order{422, "invalid_order", "The order is not valid"};
inline constexpr ProblemKind invalid_parameter{422, "invalid_parameter",
                                               "A query parameter is not valid"};
inline constexpr ProblemKind position_unknown{422, "position_unknown",
                                              "The log has no such position"};
inline constexpr ProblemKind invalid{422, "invalid", "The request is not valid"};
inline constexpr ProblemKind key_reused{422, "idempotency_key_reused",
                                        "The key belongs to another request"};
inline constexpr ProblemKind risk_limit{422, "risk_limit", "The order breaks a risk limit"};
inline constexpr ProblemKind upgrade_required{426, "upgrade_required",
                                              "This path requires a WebSocket"};
inline constexpr ProblemKind precondition_required{428, "precondition_required",
                                                   "The header If-Match is required"};
inline constexpr ProblemKind rate_limited{429, "rate_limited", "Too many requests"};
inline constexpr ProblemKind internal{500, "internal", "The server failed"};
inline constexpr ProblemKind full{503, "full", "The server cannot take more of these requests now"};
inline constexpr ProblemKind halted{503, "halted", "Trading is halted"};
inline constexpr ProblemKind draining{503, "draining", "The server is stopping"};
inline constexpr ProblemKind unavailable{503, "unavailable", "The answer is not available now"};
inline constexpr ProblemKind outcome_unknown{503, "outcome_unknown",
                                             "The outcome of the request is not known"};
inline constexpr ProblemKind not_ready{503, "not_ready", "The server is not ready"};
inline constexpr ProblemKind gateway{503, "gateway", "This process is a gateway"};
}  // namespace problems

// One error in the request, with its location.
struct ProblemItem {
  std::string where;      // JSON pointer into the body ("": the whole body), or a query parameter
  std::string_view code;  // a literal
  std::string detail;
};

struct Problem {
  const ProblemKind* kind = &problems::internal;
  std::string detail;
  std::vector<ProblemItem> items;
  bool items_are_parameters = false;    // written as "parameter" instead of "pointer"
  std::vector<std::string> reasons;     // of not_ready, written as "reasons"
  std::optional<std::uint64_t> head;    // of position_unknown, written as "headSeq"
  std::string epoch;                    // of position_unknown; empty: not written
  std::optional<LimitBreach> breach;    // of risk_limit, written as "name", "limit" and "value"
  std::chrono::seconds retry_after{1};  // the Retry-After of a 503; RFC 9110 10.2.3
};

HttpAnswer answer_of(const Problem& problem, std::string_view request_id);

// The same format for a request that the HTTP server itself refuses.
HttpAnswer answer_of_refusal(unsigned status, std::string_view code, std::string_view detail,
                             std::string_view request_id);

// The problem for a failed call of the engine. `write`: the call may have stored something. Details
// of internal failures (a database's message, a file's name) are not returned: they are logged here
// with the request's id.
Problem problem_of(const Error& error, bool write, std::string_view request_id);

}  // namespace oee
