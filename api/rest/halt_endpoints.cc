// Halts of trading: halt, resume, list.
#include <algorithm>
#include <array>
#include <charconv>

#include "api/http/json_body.h"
#include "api/http/request_headers.h"
#include "api/rest/endpoints.h"
#include "core/base/json_writer.h"
#include "core/order/order_json.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;
using enum Route::Needs;

constexpr std::size_t value_bytes_max = 64;
constexpr std::array<std::string_view, 2> members = {"scope", "reason"};
constexpr std::string_view scope_rule =
    "must be \"all\", or an object with one of account, token and venue";

bool is_venue(const TokenRegistry& tokens, std::string_view name) {
  const auto& venues = tokens.venues();
  return std::any_of(venues.begin(), venues.end(),
                     [name](const VenueInfo& each) { return each.name.view() == name; });
}

// The member of the scope's object.
void read_scope(const BodyMember& scope, const TokenRegistry& tokens, HaltTrading& command,
                std::vector<ProblemItem>& items) {
  const auto named = scope.one_text();
  if (!named) {
    items.push_back({"/scope", "wrong_type", std::string(scope_rule)});
    return;
  }
  const auto& [name, value] = *named;
  command.value = value;
  const auto kind = parse_halt_scope(name);
  if (!kind || *kind == HaltScope::all) {
    items.push_back({"/scope", "unknown_member", std::string(scope_rule)});
    return;
  }
  command.scope = *kind;
  const std::string where = "/scope/" + std::string(name);
  if (command.value.empty() || command.value.size() > value_bytes_max) {
    items.push_back({where, "bad_text", "must have 1 to 64 characters"});
  } else if (*kind == HaltScope::account && !is_account_name(command.value)) {
    items.push_back({where, "bad_text", "must be " + std::string(account_name_rule)});
  } else if (*kind == HaltScope::token && tokens.find(command.value) == nullptr) {
    items.push_back({where, "unknown_token", "is not a known token"});
  } else if (*kind == HaltScope::venue && !is_venue(tokens, command.value)) {
    items.push_back({where, "unknown_venue", "is not a known venue"});
  }
}

std::variant<HaltTrading, Problem> parse_halt(std::string_view body, const TokenRegistry& tokens) {
  auto read = read_members(body, members);
  if (auto* problem = std::get_if<Problem>(&read)) {
    if (problem->kind == &problems::invalid_order) problem->kind = &problems::invalid;
    return std::move(*problem);
  }
  const auto& found = std::get<BodyMembers>(read);
  const BodyMember& scope = found.values[0];
  const BodyMember& reason = found.values[1];
  std::vector<ProblemItem> items;
  HaltTrading command;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (found.values[i].repeated)
      items.push_back({pointer_to(members[i]), "duplicate_key", "is given more than once"});
    if (found.values[i].kind == JsonKind::absent)
      items.push_back({pointer_to(members[i]), "required", "is required"});
  }
  for (const std::string& name : found.unknown)
    items.push_back({pointer_to(name), "unknown_member", "is not a member of a halt"});
  if (scope.kind == JsonKind::object) {
    read_scope(scope, tokens, command, items);
  } else if (scope.kind != JsonKind::absent &&
             (scope.kind != JsonKind::text || scope.text != to_string(HaltScope::all))) {
    items.push_back({"/scope", "wrong_type", std::string(scope_rule)});
  }
  const bool bad_reason = reason.kind != JsonKind::text || reason.text.empty() || reason.too_long;
  if (reason.kind != JsonKind::absent && bad_reason)
    items.push_back({"/reason", "bad_text", "must have 1 to 256 characters"});
  command.why = reason.text;
  if (items.empty()) return command;
  Problem problem = order_problem(std::move(items));
  problem.kind = &problems::invalid;
  return problem;
}

void write_halt(JsonWriter& json, const Halt& halt) {
  json.object([&] {
    json.key("haltId").number(halt.id);
    json.key("scope");
    write_halt_scope(json, halt.scope, halt.value);
    json.key("by").text(halt.by);
    json.key("reason").text(halt.why);
    json.key("since").text_of(halt.since);
    json.key("seq").number(halt.id);
  });
}

class HaltEndpoints {
 public:
  HaltEndpoints(OrderService& orders, const TokenRegistry& tokens, Entropy& entropy)
      : orders_(orders), tokens_(tokens), entropy_(entropy) {}

  Task<HttpAnswer> list(Call call);
  Task<HttpAnswer> halt(Call call);
  Task<HttpAnswer> resume(Call call);

  using Row = EndpointRoute<HaltEndpoints>;
  static constexpr std::array routes = {
      Row{{verb::get, "/v1/halt", AccessRole::read, none, event_log}, &HaltEndpoints::list},
      Row{{verb::post, "/v1/halt", AccessRole::operate, none, event_log}, &HaltEndpoints::halt},
      Row{{verb::delete_, "/v1/halt/{id}", AccessRole::operate, none, event_log},
          &HaltEndpoints::resume},
  };

 private:
  // {"haltId","seq"}: `seq` is that of the event.
  static HttpAnswer done(unsigned status, Seq halt, const Appended& appended);

  OrderService& orders_;
  const TokenRegistry& tokens_;
  Entropy& entropy_;
};

HttpAnswer HaltEndpoints::done(unsigned status, Seq halt, const Appended& appended) {
  HttpAnswer answer;
  answer.status = status;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("haltId").number(halt);
    json.key("seq").number(appended.first_seq);
  });
  if (appended.replayed) answer.headers.emplace_back("Idempotent-Replayed", "true");
  return answer;
}

Task<HttpAnswer> HaltEndpoints::list(Call call) {
  const Result<Halts> halts = orders_.halts();
  if (!halts.ok()) co_return failed(halts.error(), false, call);
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("items").array([&] {
      for (const Halt& halt : halts->in_force()) write_halt(json, halt);
    });
  });
  co_return answer;
}

Task<HttpAnswer> HaltEndpoints::halt(Call call) {
  if (!is_json(call.request))
    co_return refused(problems::media_type, "Send the halt as application/json in UTF-8.", call);
  IdempotencyKey key = idempotency_key_of(call.request);
  if (key.problem) co_return answer_of(*key.problem, call.request_id);
  auto parsed = parse_halt(call.request.body(), tokens_);
  if (const auto* problem = std::get_if<Problem>(&parsed))
    co_return answer_of(*problem, call.request_id);
  auto& command = std::get<HaltTrading>(parsed);
  command.idempotency_key = std::move(key.text);
  command.by = call.principal->name;
  const CorrelationId correlation = correlation_of(call, entropy_);
  const AppendAnswer appended = co_await orders_.halt(std::move(command), correlation);
  if (!appended.ok()) co_return failed(appended.error(), true, call);
  HttpAnswer answer = done(201, appended->first_seq, *appended);
  answer.headers.emplace_back("Location", "/v1/halt/" + std::to_string(appended->first_seq));
  co_return answer;
}

Task<HttpAnswer> HaltEndpoints::resume(Call call) {
  ResumeTrading command;
  const char* end = call.id.data() + call.id.size();
  const auto number = std::from_chars(call.id.data(), end, command.halt);
  if (number.ec != std::errc{} || number.ptr != end)
    co_return refused(problems::not_found, "There is no such halt.", call);
  IdempotencyKey key = idempotency_key_of(call.request);
  if (key.problem) co_return answer_of(*key.problem, call.request_id);
  command.idempotency_key = std::move(key.text);
  command.by = call.principal->name;
  command.why = "requested over REST";
  const Seq halt = command.halt;
  const CorrelationId correlation = correlation_of(call, entropy_);
  const AppendAnswer appended = co_await orders_.resume(std::move(command), correlation);
  if (!appended.ok()) co_return failed(appended.error(), true, call);
  co_return done(200, halt, *appended);
}

}  // namespace

std::unique_ptr<RouteGroup> halt_routes(OrderService& orders, const TokenRegistry& tokens,
                                        Entropy& entropy) {
  return std::make_unique<EndpointGroup<HaltEndpoints>>(orders, tokens, entropy);
}

}  // namespace oee
