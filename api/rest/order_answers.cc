#include "api/rest/order_answers.h"

#include "core/base/json_writer.h"
#include "core/order/order_json.h"

namespace oee {
namespace {

constexpr std::size_t epoch_text_max = 16;

HttpAnswer unknown_answer(const PositionUnknown& unknown, const Call& call) {
  Problem problem;
  problem.kind = &problems::position_unknown;
  problem.detail = "The log ends at seq " + std::to_string(unknown.head) + ".";
  problem.head = unknown.head;
  if (unknown.epoch) problem.epoch = to_text(*unknown.epoch);
  return answer_of(problem, call.request_id);
}

}  // namespace

void add_as_of(HttpAnswer& answer, Seq as_of) {
  answer.headers.emplace_back("OEE-As-Of-Seq", std::to_string(as_of));
}

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
  return unknown_answer({*head, std::nullopt}, call);
}

std::optional<LogEpoch> read_epoch(QueryReader& query) {
  const auto text = query.text("epoch", epoch_text_max);
  if (!text) return std::nullopt;
  const Result<LogEpoch> epoch = parse_log_epoch(*text);
  if (epoch.ok()) return *epoch;
  query.wrong("epoch", "not_an_epoch", "must be 16 hexadecimal digits");
  return std::nullopt;
}

std::string read_account(QueryReader& query, const Call& call) {
  std::string account = query.text("account", account_bytes_max).value_or("");
  if (!account.empty() && !is_account_name(account))
    query.wrong("account", "bad_text", "must be " + std::string(account_name_rule));
  const std::string only(call.principal->only_account());
  if (only.empty()) return account;
  if (!account.empty() && account != only)
    query.wrong("account", "not_own", "must be the account of the token");
  return only;
}

Task<std::optional<HttpAnswer>> position_unknown(ResumePosition position, OrderService& orders,
                                                 StreamHub& hub, Clock& clock, const Call& call) {
  std::function<bool()> over = [] { return false; };
  const Result<std::optional<PositionUnknown>> unknown =
      co_await find_unknown_position(position, orders, hub, clock, std::move(over));
  if (!unknown.ok()) co_return failed(unknown.error(), false, call);
  if (!*unknown) co_return std::nullopt;
  co_return unknown_answer(**unknown, call);
}

HttpAnswer accepted(const Changed& change) {
  HttpAnswer answer;
  answer.status = 202;
  answer.body.reserve(136);
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("orderId").text_of(change.order_id);
    json.key("status").text(to_string(change.status));
    json.key("seq").number(change.seq);
    if (change.cancel_requested) json.key("cancelRequested").boolean(true);
  });
  std::string location = "/v1/orders/";
  append_text(location, change.order_id);
  answer.headers.reserve(3);
  answer.headers.emplace_back("Location", std::move(location));
  answer.headers.emplace_back("ETag", etag_of(change.version));
  if (change.replayed) answer.headers.emplace_back("Idempotent-Replayed", "true");
  return answer;
}

}  // namespace oee
