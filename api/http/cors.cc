#include "api/http/cors.h"

#include <boost/beast/http/field.hpp>

#include "api/push/ws_protocol.h"

namespace oee {
namespace {

namespace http = boost::beast::http;

std::string_view field_of(const BeastRequest& request, http::field name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

constexpr const char* sent_headers =
    "Authorization, Content-Type, Idempotency-Key, traceparent, Last-Event-ID";
constexpr const char* exposed_headers =
    "Location, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, "
    "WWW-Authenticate";
constexpr const char* preflight_seconds = "600";  // how long a browser need not ask again

}  // namespace

PageOrigin page_origin_of(const BeastRequest& request, const std::vector<std::string>& allowed) {
  const std::string_view origin = field_of(request, http::field::origin);
  if (origin.empty()) return PageOrigin::none;
  const std::string_view host = field_of(request, http::field::host);
  return origin_allowed(origin, host, allowed) ? PageOrigin::allowed : PageOrigin::foreign;
}

void add_cors_headers(HttpAnswer& answer, const BeastRequest& request, PageOrigin origin) {
  if (origin == PageOrigin::none) return;
  answer.headers.emplace_back("Vary", "Origin");
  if (origin == PageOrigin::foreign) return;
  answer.headers.emplace_back("Access-Control-Allow-Origin",
                              field_of(request, http::field::origin));
  answer.headers.emplace_back("Access-Control-Expose-Headers", exposed_headers);
}

HttpAnswer options_answer(const BeastRequest& request, PageOrigin origin, std::string allow) {
  HttpAnswer answer;
  answer.status = 204;
  const bool preflight = request.count(http::field::access_control_request_method) != 0;
  if (preflight && origin == PageOrigin::allowed) {
    answer.headers.emplace_back("Access-Control-Allow-Methods", allow);
    answer.headers.emplace_back("Access-Control-Allow-Headers", sent_headers);
    answer.headers.emplace_back("Access-Control-Max-Age", preflight_seconds);
  }
  answer.headers.emplace_back("Allow", std::move(allow));
  return answer;
}

}  // namespace oee
