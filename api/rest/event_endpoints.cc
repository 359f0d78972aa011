// The log as JSON: all events, and the events of one order.
#include <array>

#include "api/http/query.h"
#include "api/http/request_headers.h"
#include "api/rest/endpoints.h"
#include "api/rest/order_answers.h"
#include "core/base/json_writer.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;

constexpr std::uint32_t events_page_max = 1000;
constexpr std::uint32_t events_page = 500;
constexpr std::string_view ndjson_type = "application/x-ndjson";

// The position of the next page; empty: this page is the last.
std::optional<Seq> next_after(const OrderHistory::Events& events, const EventFilter& filter) {
  const bool filtered = filter.type || (!filter.account.empty() && !filter.order_id);
  const bool more = filtered ? events.scanned > filter.after : events.items.size() >= filter.limit;
  if (!more) return std::nullopt;
  return events.scanned;
}

HttpAnswer events_json(const OrderHistory::Events& events, std::optional<Seq> next) {
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("items").array([&] {
      for (const EventView& event : events.items) json.raw(event.json);
    });
    if (next) json.key("nextCursor").text(std::to_string(*next));
  });
  return answer;
}

// One event a line. The next page is a Link header (RFC 8288), relative to the same path.
HttpAnswer events_ndjson(const OrderHistory::Events& events, std::optional<Seq> next,
                         const EventFilter& filter) {
  HttpAnswer answer;
  answer.content_type = ndjson_type;
  for (const EventView& event : events.items) {
    answer.body += event.json;
    answer.body += '\n';
  }
  if (!next) return answer;
  std::string link = "<?after=" + std::to_string(*next) + "&limit=" + std::to_string(filter.limit);
  if (filter.type) link += "&type=" + std::string(to_string(*filter.type));
  if (!filter.account.empty() && !filter.order_id) link += "&account=" + filter.account;
  answer.headers.emplace_back("Link", link + ">; rel=\"next\"");
  return answer;
}

class EventEndpoints {
 public:
  EventEndpoints(OrderService& orders, StreamHub& hub, Clock& clock)
      : orders_(orders), hub_(hub), clock_(clock) {}

  Task<HttpAnswer> all(Call call);
  Task<HttpAnswer> of_order(Call call);

  using Row = EndpointRoute<EventEndpoints>;
  static constexpr std::array routes = {
      Row{{verb::get, "/v1/events", AccessRole::read_own, read}, &EventEndpoints::all},
      Row{{verb::get, "/v1/orders/{id}/events", AccessRole::read_own, read},
          &EventEndpoints::of_order},
  };

 private:
  Task<HttpAnswer> list(Call call, EventFilter filter, QueryReader query);

  OrderService& orders_;
  StreamHub& hub_;
  Clock& clock_;
};

Task<HttpAnswer> EventEndpoints::all(Call call) {
  QueryReader query(call.query);
  EventFilter filter;
  filter.account = read_account(query, call);
  co_return co_await list(call, std::move(filter), std::move(query));
}

Task<HttpAnswer> EventEndpoints::of_order(Call call) {
  const auto id = id_of(call);
  if (!id) co_return no_such_order(call);
  QueryReader query(call.query);
  EventFilter filter;
  filter.order_id = *id;
  filter.account = call.principal->only_account();
  co_return co_await list(call, std::move(filter), std::move(query));
}

Task<HttpAnswer> EventEndpoints::list(Call call, EventFilter filter, QueryReader query) {
  filter.after = query.number("after", 0, seq_max, 0);
  const auto epoch = read_epoch(query);
  filter.limit = static_cast<std::uint32_t>(query.number("limit", 1, events_page_max, events_page));
  filter.type = query.one_of("type", parse_event_type, "the event types, such as OrderAccepted");
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  const ResumePosition position{filter.after, epoch};
  auto unknown = position_unknown(filter.after, orders_, call);
  const bool known_log = hub_.epoch().has_value();  // else a gateway before its first head
  if (!unknown && known_log)
    unknown = co_await position_unknown(position, orders_, hub_, clock_, call);
  if (unknown) co_return *std::move(unknown);
  const EventFilter used = filter;
  const auto as_of = co_await orders_.read_position(ReadSource::history);
  if (!as_of) co_return failed(as_of.error(), false, call);
  const auto events = co_await orders_.events(std::move(filter));
  if (!events) co_return failed(events.error(), false, call);
  if (used.order_id && events->items.empty()) {
    // A filter may leave nothing of an order that exists.
    const auto order = co_await orders_.order(*used.order_id, std::nullopt);
    if (!order.ok()) co_return failed(order.error(), false, call);
    if (!is_visible(*order, call)) co_return no_such_order(call);
  }
  const auto next = next_after(*events, used);
  HttpAnswer answer =
      wants_ndjson(call.request) ? events_ndjson(*events, next, used) : events_json(*events, next);
  add_as_of(answer, *as_of);
  co_return answer;
}

}  // namespace

std::unique_ptr<RouteGroup> event_routes(OrderService& orders, StreamHub& hub, Clock& clock) {
  return std::make_unique<EndpointGroup<EventEndpoints>>(orders, hub, clock);
}

}  // namespace oee
