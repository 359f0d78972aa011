// Dead letters: list, counts, requeue, discard.
#include <array>

#include "api/http/query.h"
#include "api/rest/endpoints.h"
#include "api/rest/order_answers.h"
#include "core/base/json_writer.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;
using enum Route::Needs;

class DeadLetterEndpoints {
 public:
  DeadLetterEndpoints(OrderService& orders, Entropy& entropy)
      : orders_(orders), entropy_(entropy) {}

  Task<HttpAnswer> list(Call call);
  Task<HttpAnswer> counts(Call call);
  Task<HttpAnswer> requeue(Call call);
  Task<HttpAnswer> discard(Call call);

  using Row = EndpointRoute<DeadLetterEndpoints>;
  static constexpr std::array routes = {
      Row{{verb::get, "/v1/dead-letters", AccessRole::read_own, read}, &DeadLetterEndpoints::list},
      Row{{verb::get, "/v1/dead-letters/stats", AccessRole::read_own, read},
          &DeadLetterEndpoints::counts},
      Row{{verb::delete_, "/v1/dead-letters/{id}", AccessRole::operate, none, event_log},
          &DeadLetterEndpoints::discard},
      Row{{verb::post, "/v1/dead-letters/{id}/requeue", AccessRole::operate, none, event_log},
          &DeadLetterEndpoints::requeue},
  };

 private:
  OrderService& orders_;
  Entropy& entropy_;
};

Task<HttpAnswer> DeadLetterEndpoints::list(Call call) {
  QueryReader query(call.query);
  const auto limit =
      static_cast<std::uint32_t>(query.number("limit", 1, orders_page_max, orders_page));
  std::string cursor = query.text("cursor", cursor_bytes_max).value_or("");
  std::string account = read_account(query, call);
  const Seq after_seq = query.number("afterSeq", 0, seq_max, 0);
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  if (auto unknown = position_unknown(after_seq, orders_, call)) co_return *std::move(unknown);
  const auto page =
      co_await orders_.dead_letters(limit, std::move(cursor), std::move(account), after_seq);
  if (!page) co_return list_failed(page.error(), call);
  co_return order_page(*page);
}

Task<HttpAnswer> DeadLetterEndpoints::counts(Call call) {
  QueryReader query(call.query);
  std::string account = read_account(query, call);
  const Seq after_seq = query.number("afterSeq", 0, seq_max, 0);
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  if (auto unknown = position_unknown(after_seq, orders_, call)) co_return *std::move(unknown);
  const auto counts = co_await orders_.dead_letter_counts(std::move(account), after_seq);
  if (!counts) co_return failed(counts.error(), false, call);
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("dead").number(counts->dead);
    json.key("discarded").number(counts->discarded);
    json.key("byError").object([&] {
      for (const auto& [error, count] : counts->by_error) json.key(to_string(error)).number(count);
    });
    json.key("pending").number(counts->pending);
    json.key("active").number(counts->active);
    json.key("confirmed").number(counts->confirmed);
  });
  co_return answer;
}

Task<HttpAnswer> DeadLetterEndpoints::requeue(Call call) {
  return change_order(std::move(call), orders_, entropy_, &OrderService::requeue);
}

Task<HttpAnswer> DeadLetterEndpoints::discard(Call call) {
  return change_order(std::move(call), orders_, entropy_, &OrderService::discard);
}

}  // namespace

std::unique_ptr<RouteGroup> dead_letter_routes(OrderService& orders, Entropy& entropy) {
  return std::make_unique<EndpointGroup<DeadLetterEndpoints>>(orders, entropy);
}

}  // namespace oee
