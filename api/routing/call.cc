#include "api/routing/call.h"

#include "api/http/request_headers.h"
#include "core/base/bytes.h"

namespace oee {

std::string_view path_of(const Call& call) {
  const auto target = call.request.target();
  return std::string_view(target.data(), target.size()).substr(0, target.find('?'));
}

std::optional<OrderId> id_of(const Call& call) {
  const Result<OrderId> id = parse_order_id(call.id);
  if (!id) return std::nullopt;
  return *id;
}

CorrelationId correlation_of(const Call& call, Entropy& entropy) {
  CorrelationId id = trace_id_of(call.request);
  if (!id.is_zero()) return id;
  store_le<std::uint64_t>(&id.bytes[0], entropy.next());
  store_le<std::uint64_t>(&id.bytes[8], entropy.next());
  return id;
}

HttpAnswer failed(const Error& error, bool write, const Call& call) {
  return answer_of(problem_of(error, write, call.request_id), call.request_id);
}

HttpAnswer refused(const ProblemKind& kind, std::string detail, const Call& call) {
  Problem problem;
  problem.kind = &kind;
  problem.detail = std::move(detail);
  return answer_of(problem, call.request_id);
}

HttpAnswer no_such_order(const Call& call) {
  return refused(problems::not_found, "There is no such order.", call);
}

HttpAnswer upgrade_required(const Call& call) {
  HttpAnswer answer =
      refused(problems::upgrade_required, "Send a WebSocket upgrade to this path.", call);
  answer.headers.emplace_back("Upgrade", "websocket");
  return answer;
}

HttpAnswer busy_answer(std::string_view why, std::chrono::seconds retry_after, const Call& call) {
  Problem problem;
  problem.kind = &problems::full;
  problem.detail = why;
  problem.retry_after = retry_after;
  HttpAnswer answer = answer_of(problem, call.request_id);
  answer.busy = true;
  return answer;
}

}  // namespace oee
