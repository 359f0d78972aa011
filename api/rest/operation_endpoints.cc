// Operation: health, readiness, metrics, the configuration in effect.
#include <array>

#include "api/rest/endpoints.h"
#include "api/telemetry/metrics_registry.h"
#include "core/base/json_writer.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;
using enum Route::Needs;
using enum Route::Rate;

// The members of a JSON object's text, to be inserted into another object.
std::string_view members_of(std::string_view object) {
  if (object.size() < 2 || object.front() != '{' || object.back() != '}') return {};
  return object.substr(1, object.size() - 2);
}

// The details of the state are for callers who may read; others get it in words.
bool may_see_details(const Call& call) {
  return call.principal->may(AccessRole::read);
}
const std::vector<std::string>& reasons_for(const Call& call, const Readiness& readiness) {
  const bool details = may_see_details(call) && !readiness.words_only;
  return details ? readiness.reasons : readiness.words;
}

class OperationEndpoints {
 public:
  explicit OperationEndpoints(OperationContext context) : context_(std::move(context)) {}

  Task<HttpAnswer> health(Call call);
  Task<HttpAnswer> alive(Call call);
  Task<HttpAnswer> ready(Call call);
  Task<HttpAnswer> metrics(Call call);
  Task<HttpAnswer> configuration(Call call);

  using Row = EndpointRoute<OperationEndpoints>;
  static constexpr std::array routes = {
      Row{{verb::get, "/health", AccessRole::open, ignored, nothing, exempt},
          &OperationEndpoints::health},
      Row{{verb::get, "/healthz", AccessRole::open, ignored, nothing, exempt},
          &OperationEndpoints::alive},
      Row{{verb::get, "/readyz", AccessRole::open, ignored, nothing, exempt},
          &OperationEndpoints::ready},
      Row{{verb::get, "/v1/config", AccessRole::operate}, &OperationEndpoints::configuration},
      Row{{verb::get, "/metrics", AccessRole::read, ignored, nothing, exempt},
          &OperationEndpoints::metrics},
  };

 private:
  OperationContext context_;
};

Task<HttpAnswer> OperationEndpoints::health(Call call) {
  const Readiness readiness = context_.health.readiness();
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("status").text(readiness.ready ? "ok" : "degraded");
    if (!readiness.ready) {
      json.key("reasons").array([&] {
        for (const std::string& reason : reasons_for(call, readiness)) json.text(reason);
      });
    }
    const std::string_view members = members_of(readiness.health_json);
    if (!members.empty() && may_see_details(call)) json.raw(members);
  });
  co_return answer;
}

Task<HttpAnswer> OperationEndpoints::alive(Call) {
  HttpAnswer answer;
  answer.body = R"({"status":"ok"})";
  co_return answer;
}

Task<HttpAnswer> OperationEndpoints::ready(Call call) {
  const Readiness readiness = context_.health.readiness();
  if (readiness.ready) {
    HttpAnswer answer;
    answer.body = R"({"status":"ready"})";
    co_return answer;
  }
  Problem problem;
  problem.kind = &problems::not_ready;
  problem.reasons = reasons_for(call, readiness);
  for (const std::string& reason : problem.reasons) {
    if (!problem.detail.empty()) problem.detail += "; ";
    problem.detail += reason;
  }
  co_return answer_of(problem, call.request_id);
}

Task<HttpAnswer> OperationEndpoints::metrics(Call call) {
  if (!context_.scrape)
    co_return refused(problems::not_found, "This process has no metrics.", call);
  Result<std::string> text = co_await context_.scrape();
  if (!text.ok()) co_return failed(text.error(), false, call);
  HttpAnswer answer;
  answer.content_type = metrics_content_type;
  answer.body = *std::move(text);
  co_return answer;
}

Task<HttpAnswer> OperationEndpoints::configuration(Call) {
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("items").array([&] {
      for (const Setting& setting : context_.settings) {
        json.object([&] {
          json.key("name").text(setting.name);
          json.key("value").text(setting.value);
          json.key("origin").text(setting.origin);
        });
      }
    });
  });
  co_return answer;
}

}  // namespace

std::unique_ptr<RouteGroup> operation_routes(OperationContext context) {
  return std::make_unique<EndpointGroup<OperationEndpoints>>(std::move(context));
}

}  // namespace oee
