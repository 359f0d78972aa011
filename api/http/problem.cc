#include "api/http/problem.h"

#include <boost/beast/http/status.hpp>

#include "core/base/json_writer.h"
#include "core/base/log.h"

namespace oee {
namespace {

constexpr std::string_view problem_type = "application/problem+json";

void write_head(JsonWriter& json, unsigned status, std::string_view code, std::string_view title,
                std::string_view detail, std::string_view request_id) {
  json.key("type").text("urn:oee:problem:" + std::string(code));
  json.key("title").text(title);
  json.key("status").number(status);
  json.key("detail").text(detail);
  json.key("code").text(code);
  json.key("requestId").text(request_id);
}

}  // namespace

HttpAnswer answer_of(const Problem& problem, std::string_view request_id) {
  const ProblemKind& kind = *problem.kind;
  HttpAnswer answer;
  answer.status = kind.status;
  answer.content_type = problem_type;
  answer.body.reserve(256);
  JsonWriter json(answer.body);
  json.object([&] {
    write_head(json, kind.status, kind.code, kind.title, problem.detail, request_id);
    if (!problem.items.empty()) {
      json.key("errors").array([&] {
        for (const ProblemItem& item : problem.items) {
          json.object([&] {
            json.key(problem.items_are_parameters ? "parameter" : "pointer").text(item.where);
            json.key("code").text(item.code);
            json.key("detail").text(item.detail);
          });
        }
      });
    }
    if (problem.head) json.key("headSeq").number(*problem.head);
    if (!problem.epoch.empty()) json.key("epoch").text(problem.epoch);
    if (problem.breach) {
      json.key("name").text(problem.breach->name);
      json.key("limit").text(problem.breach->limit);
      json.key("value").text(problem.breach->value);
    }
    if (!problem.reasons.empty()) {
      json.key("reasons").array([&] {
        for (const std::string& reason : problem.reasons) json.text(reason);
      });
    }
  });
  if (kind.status == 503)
    answer.headers.emplace_back("Retry-After", std::to_string(problem.retry_after.count()));
  return answer;
}

HttpAnswer answer_of_refusal(unsigned status, std::string_view code, std::string_view detail,
                             std::string_view request_id) {
  HttpAnswer answer;
  answer.status = status;
  answer.content_type = problem_type;
  const auto title = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  JsonWriter json(answer.body);
  json.object([&] {
    write_head(json, status, code, {title.data(), title.size()}, detail, request_id);
  });
  if (status == 503) answer.headers.emplace_back("Retry-After", "1");
  if (status == 426) answer.headers.emplace_back("Sec-WebSocket-Version", "13");
  return answer;
}

Problem problem_of(const Error& error, bool write, std::string_view request_id) {
  Problem problem;
  problem.detail = error.detail;
  switch (error.code) {
    case Errc::invalid:
      problem.kind = &problems::invalid;
      return problem;
    case Errc::not_found:
      problem.kind = &problems::not_found;
      return problem;
    case Errc::conflict:
      problem.kind = &problems::conflict;
      return problem;
    case Errc::stale:
      problem.kind = &problems::precondition_failed;
      return problem;
    case Errc::key_mismatch:
      problem.kind = &problems::key_reused;
      return problem;
    case Errc::risk_limit:
      problem.kind = &problems::risk_limit;
      problem.breach = breach_of(error);
      return problem;
    case Errc::full:
      problem.kind = &problems::full;
      return problem;
    case Errc::halted:
      problem.kind = &problems::halted;
      return problem;
    case Errc::closed:
      problem.kind = &problems::draining;
      problem.detail = "The server is stopping; retry later or at another server.";
      return problem;
    case Errc::indeterminate:
    case Errc::timeout:
      if (!write) break;
      problem.kind = &problems::outcome_unknown;
      problem.detail = "outcome unknown, retry with the same key";
      break;
    default:
      break;
  }
  const bool passing = error.code == Errc::unavailable || error.code == Errc::timeout;
  if (problem.kind != &problems::outcome_unknown) {
    problem.kind = passing ? &problems::unavailable : &problems::internal;
    problem.detail = passing
                         ? "A dependency of this request is unavailable or has not caught up yet."
                         : "The request failed; the server's log shows the reason.";
  }
  // Debug for passing failures: a dependency that is down is logged on its own, and would otherwise
  // fill the log with one line per request.
  log::write(passing ? log::Level::debug : log::Level::error, "a request failed",
             log::field("request", request_id), log::field("code", to_string(error.code)),
             log::field("why", error.detail));
  return problem;
}

}  // namespace oee
