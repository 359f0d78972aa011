// The risk limits in effect and their use.
#include <array>

#include "api/rest/endpoints.h"
#include "api/rest/order_answers.h"
#include "core/base/json_writer.h"
#include "core/risk/control.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;
using enum Route::Needs;

class RiskEndpoints {
 public:
  RiskEndpoints(const RiskControl* risk, Clock& clock) : risk_(risk), clock_(clock) {}

  Task<HttpAnswer> show(Call call);

  using Row = EndpointRoute<RiskEndpoints>;
  static constexpr std::array routes = {
      Row{{verb::get, "/v1/risk", AccessRole::read_own, read, event_log}, &RiskEndpoints::show},
  };

 private:
  const RiskControl* const risk_;
  Clock& clock_;
};

void write_row(JsonWriter& json, const RiskRow& row) {
  json.object([&] {
    json.key("scope").text(row.scope);
    json.key("name").text(row.name);
    if (!row.token.empty()) json.key("token").text(row.token);
    if (row.limit) json.key("limit").text(*row.limit);
    if (!row.use.empty()) json.key("use").text(row.use);
  });
}

Task<HttpAnswer> RiskEndpoints::show(Call call) {
  if (risk_ == nullptr)
    co_return refused(problems::not_found, "This engine has no risk limits (--risk-file).", call);
  QueryReader query(call.query);
  std::string account = read_account(query, call);
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  if (account.empty()) account = call.principal->name;
  RiskControl::View view = risk_->view(account, clock_.now());
  // The sums of all accounts contain those of others.
  if (!call.principal->only_account().empty())
    std::erase_if(view.rows, [](const RiskRow& row) { return row.scope != "account"; });
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("limitsHash").text(to_hex(as_bytes(view.limits_hash)));
    json.key("items").array([&] {
      for (const RiskRow& row : view.rows) write_row(json, row);
    });
  });
  co_return answer;
}

}  // namespace

std::unique_ptr<RouteGroup> risk_routes(const RiskControl* risk, Clock& clock) {
  return std::make_unique<EndpointGroup<RiskEndpoints>>(risk, clock);
}

}  // namespace oee
