// The endpoints that append to the log. Each answers after its event is durable.
#include "api/http/request_headers.h"
#include "api/orders/order_body.h"
#include "api/rest/endpoints.h"
#include "core/base/json_writer.h"

namespace oee {
namespace {

constexpr std::string_view requested_why = "requested over REST";

// {"orderId","status","seq"} and where the order is.
HttpAnswer accepted(const OrderId& id, std::string_view status, Seq seq) {
  HttpAnswer answer;
  answer.status = 202;
  answer.body.reserve(112);
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("orderId").text_of(id);
    json.key("status").text(status);
    json.key("seq").number(seq);
  });
  std::string location = "/v1/orders/";
  append_text(location, id);
  answer.headers.reserve(2);
  answer.headers.emplace_back("Location", std::move(location));
  return answer;
}

}  // namespace

HttpAnswer failed(const Error& error, bool write, const Call& call) {
  return answer_of(problem_of(error, write, call.request_id), call.request_id);
}

HttpAnswer refused(const ProblemKind& kind, std::string detail, const Call& call) {
  Problem problem;
  problem.kind = &kind;
  problem.detail = std::move(detail);
  return answer_of(problem, call.request_id);
}

std::optional<OrderId> id_of(const Call& call) {
  const Result<OrderId> id = parse_order_id(call.id);
  if (!id) return std::nullopt;
  return *id;
}

HttpAnswer no_such_order(const Call& call) {
  return refused(problems::not_found, "There is no such order.", call);
}

CorrelationId Endpoints::correlation_of(const BeastRequest& request) {
  CorrelationId id = trace_id_of(request);
  if (!id.is_zero()) return id;
  const std::uint64_t halves[2] = {context_.entropy.next(), context_.entropy.next()};
  std::memcpy(id.bytes.data(), halves, sizeof halves);
  return id;
}

Task<HttpAnswer> Endpoints::place_order(Call call) {
  if (const auto busy = context_.orders.refuses_new_orders()) {
    Problem problem;
    problem.kind = &problems::full;
    problem.detail = busy->why;
    problem.retry_after = busy->retry_after;
    HttpAnswer answer = answer_of(problem, call.request_id);
    answer.busy = true;
    co_return answer;
  }
  if (!is_json(call.request)) {
    co_return refused(problems::media_type, "Send the order as application/json, in UTF-8.", call);
  }
  IdempotencyKey key = idempotency_key_of(call.request);
  if (key.problem) co_return answer_of(*key.problem, call.request_id);
  const bool keyed = !key.text.empty();
  auto parsed = parse_order_body(call.request.body(), context_.tokens, context_.clock.now(), keyed);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    co_return answer_of(*problem, call.request_id);
  }
  auto& command = std::get<PlaceOrder>(parsed);
  command.idempotency_key = std::move(key.text);
  command.account = call.principal->name;
  const CorrelationId correlation = correlation_of(call.request);
  const AppendAnswer placed = co_await context_.orders.place(std::move(command), correlation);
  if (!placed) co_return failed(placed.error(), true, call);
  HttpAnswer answer = accepted(placed->order_id, "pending", placed->first_seq);
  if (placed->replayed) answer.headers.emplace_back("Idempotent-Replayed", "true");
  co_return answer;
}

template <class Command>
Task<HttpAnswer> Endpoints::change_order(Call call, Change<Command> change, OrderStatus after) {
  const auto id = id_of(call);
  if (!id) co_return no_such_order(call);
  Command command;
  command.by = call.principal->name;
  command.why = requested_why;
  const CorrelationId correlation = correlation_of(call.request);
  const AppendAnswer done =
      co_await (context_.orders.*change)(*id, std::move(command), correlation);
  if (!done) co_return failed(done.error(), true, call);
  co_return accepted(done->order_id, to_string(after), done->last_seq);
}

Task<HttpAnswer> Endpoints::cancel_order(Call call) {
  return change_order(call, &OrderService::cancel, OrderStatus::cancelled);
}

Task<HttpAnswer> Endpoints::requeue_dead_letter(Call call) {
  return change_order(call, &OrderService::requeue, OrderStatus::pending);
}

Task<HttpAnswer> Endpoints::discard_dead_letter(Call call) {
  return change_order(call, &OrderService::discard, OrderStatus::failed);
}

}  // namespace oee
