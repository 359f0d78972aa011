#include "api/rest/order_answers.h"

#include "core/base/json_writer.h"
#include "core/order/order_json.h"

namespace oee {

HttpAnswer order_page(const Page<Order>& page) {
  HttpAnswer answer;
  answer.body.reserve(64 + page.items.size() * 700);
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("items").array([&] {
      for (const Order& order : page.items) write_order(json, order);
    });
    if (!page.next_cursor.empty()) json.key("nextCursor").text(page.next_cursor);
  });
  return answer;
}

HttpAnswer list_failed(const Error& error, const Call& call) {
  if (error.code != Errc::invalid) return failed(error, false, call);
  Problem problem;
  problem.kind = &problems::invalid_parameter;
  problem.detail = "cursor: is not a nextCursor of this list.";
  problem.items = {{"cursor", "unknown_cursor", "is not a nextCursor of this list"}};
  problem.items_are_parameters = true;
  return answer_of(problem, call.request_id);
}

std::optional<HttpAnswer> position_unknown(Seq position, const OrderService& orders,
                                           const Call& call) {
  const std::optional<Seq> head = orders.head();
  if (!head || position <= *head) return std::nullopt;
  Problem problem;
  problem.kind = &problems::position_unknown;
  problem.detail = "The log ends at seq " + std::to_string(*head) + ".";
  problem.head = head;
  return answer_of(problem, call.request_id);
}

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

}  // namespace oee
