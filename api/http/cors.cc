#include "api/http/cors.h"

#include <algorithm>
#include <boost/beast/http/field.hpp>

#include "api/http/hosts.h"

namespace oee {
namespace {

namespace http = boost::beast::http;

std::string_view field_of(const BeastRequest& request, http::field name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

constexpr const char* sent_headers =
    "Authorization, Content-Type, Idempotency-Key, If-Match, traceparent, Last-Event-ID";
constexpr const char* exposed_headers =
    "Location, Link, ETag, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, "
    "Idempotent-Replayed, OEE-As-Of-Seq, WWW-Authenticate";
constexpr const char* preflight_seconds = "600";  // a browser may reuse the answer for so long

}  // namespace

bool origin_allowed(std::string_view origin, std::string_view host,
                    const std::vector<std::string>& allowed) {
  if (origin.empty()) return true;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.size() > scheme.size() && same_name(origin.substr(0, scheme.size()), scheme) &&
        same_name(origin.substr(scheme.size()), host))
      return true;
  }
  return std::any_of(allowed.begin(), allowed.end(),
                     [origin](const std::string& entry) { return same_name(entry, origin); });
}

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
