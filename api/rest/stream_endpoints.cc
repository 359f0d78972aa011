// GET /v1/stream: reads the topic, the position and the filter, and checks that the order exists.
// The stream itself is api/push/sse_session. POST /v1/stream-tickets: a ticket for one stream.
#include <array>

#include "api/http/query.h"
#include "api/http/request_headers.h"
#include "api/push/sse_events.h"
#include "api/rest/endpoints.h"
#include "api/rest/order_answers.h"
#include "api/stream/streamed_order.h"
#include "core/base/json_writer.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;

constexpr std::string_view event_stream_type = "text/event-stream";
constexpr std::string_view last_event_id_header = "Last-Event-ID";
constexpr std::size_t order_id_bytes_max = 64;

std::optional<std::string_view> parse_channel(std::string_view text) {
  if (text != "orders") return std::nullopt;
  return text;
}

WsTopic read_topic(QueryReader& query) {
  const auto channel = query.one_of("channel", parse_channel, "orders");
  const auto order = query.text("orderId", order_id_bytes_max);
  if (channel && order) query.wrong("orderId", "conflict", "cannot be combined with channel");
  if (!channel && !order && !query.has("channel") && !query.has("orderId"))
    query.wrong("orderId", "required", "is required unless channel=orders is given");
  if (!order) return std::nullopt;
  const Result<OrderId> id = parse_order_id(*order);
  if (id.ok()) return *id;
  query.wrong("orderId", "not_an_id", "must be a UUID");
  return std::nullopt;
}

StreamFilter read_filter(QueryReader& query, const TokenRegistry& tokens,
                         std::string_view only_account) {
  FilterNames names;
  names.status = query.list("status", Symbol::size_max);
  names.token = query.list("token", Symbol::size_max);
  names.venue = query.list("venue", Symbol::size_max);
  names.account = query.list("account", account_bytes_max);
  StreamFilter filter;
  if (const auto unknown = StreamFilter::make(names, tokens, only_account, &filter))
    query.wrong(unknown->kind, "unknown_value", unknown->message);
  return filter;
}

// Reads the id of the last event that a reconnecting EventSource has received. An id without an
// epoch is of a log that was never restored. Returns the error when the header is not an id.
std::optional<std::string> read_last_event_id(const BeastRequest& request,
                                              ResumePosition& position) {
  const auto [first, last] = request.equal_range(last_event_id_header);
  if (first == last) return std::nullopt;
  const auto id = parse_sse_id({first->value().data(), first->value().size()});
  if (std::next(first) != last || !id || id->seq > seq_max)
    return "Last-Event-ID must be one id of an event: a whole number from 0, or that number, '-' "
           "and the epoch.";
  position = {id->seq, id->epoch};
  return std::nullopt;
}

class StreamEndpoints {
 public:
  StreamEndpoints(SseSessions& streams, const StreamTickets* tickets, OrderService& orders,
                  const TokenRegistry& tokens, Clock& clock)
      : streams_(streams), tickets_(tickets), orders_(orders), tokens_(tokens), clock_(clock) {}

  Task<HttpAnswer> stream(Call call);
  Task<HttpAnswer> make_ticket(Call call);
  Task<HttpAnswer> websocket_only(Call call);

  using Row = EndpointRoute<StreamEndpoints>;
  static constexpr std::array routes = {
      Row{{.method = verb::get,
           .pattern = "/v1/stream",
           .role = AccessRole::read_own,
           .query = read,
           .takes_ticket = true},
          &StreamEndpoints::stream},
      Row{{verb::post, "/v1/stream-tickets", AccessRole::read_own}, &StreamEndpoints::make_ticket},
      Row{{verb::get, "/ws", AccessRole::read_own, ignored}, &StreamEndpoints::websocket_only},
  };

 private:
  SseSessions& streams_;
  const StreamTickets* const tickets_;
  OrderService& orders_;
  const TokenRegistry& tokens_;
  Clock& clock_;
};

Task<HttpAnswer> StreamEndpoints::stream(Call call) {
  if (!accepts(call.request, event_stream_type))
    co_return refused(problems::not_acceptable, "Only text/event-stream is offered here.", call);
  QueryReader query(call.query);
  SseRequest request;
  request.topic = read_topic(query);
  ResumePosition position{query.number("after", 0, seq_max), read_epoch(query)};
  request.filter = read_filter(query, tokens_, call.principal->only_account());
  query.text("ticket", AccessList::token_bytes_max);  // read by Access
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  if (auto wrong = read_last_event_id(call.request, position))
    co_return refused(problems::invalid_header, *std::move(wrong), call);

  SseSessions& streams = streams_;
  const bool started = co_await streams.hub().started();
  if (!started || streams.stopping())
    co_return refused(problems::draining, "The server is stopping.", call);
  request.after = position.after;
  if (request.topic) {
    // The default is the order's beginning: an order has few updates, and a part of them is seldom
    // useful.
    if (!request.after) request.after = 0;
    std::function<bool()> over = [&streams] { return streams.stopping(); };
    std::string only_account(call.principal->only_account());
    const auto order = co_await find_streamed_order(*request.topic, orders_, streams.hub(), clock_,
                                                    call.principal->client(),
                                                    std::move(only_account), std::move(over));
    if (!order.ok()) co_return failed(order.error(), false, call);
    if (!order->has_value()) co_return no_such_order(call);
  }
  // The last wait: the log may change during the ones before.
  auto unknown = co_await position_unknown(position, orders_, streams.hub(), clock_, call);
  if (unknown) co_return *std::move(unknown);
  request.principal = call.principal;
  HttpAnswer answer;
  answer.content_type = event_stream_type;
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.headers.emplace_back("X-Accel-Buffering", "no");
  answer.stream = streams.open(std::move(request));
  co_return answer;
}

Task<HttpAnswer> StreamEndpoints::make_ticket(Call call) {
  if (tickets_ == nullptr)
    co_return refused(problems::not_found, "No tickets are made here.", call);
  const Result<StreamTickets::Ticket> made = co_await tickets_->make(call.principal);
  HttpAnswer answer;
  if (!made.ok()) {
    answer = refused(problems::rate_limited, made.error().detail, call);
    answer.headers.emplace_back("Retry-After", std::to_string(TicketTable::lifetime.count()));
    co_return answer;
  }
  answer.status = 201;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("ticket").text(made->text);
    json.key("expiresAt").text_of(made->expires_at);
  });
  answer.headers.emplace_back("Cache-Control", "no-store");
  co_return answer;
}

Task<HttpAnswer> StreamEndpoints::websocket_only(Call call) {
  co_return upgrade_required(call);
}

}  // namespace

std::unique_ptr<RouteGroup> stream_routes(SseSessions& streams, const StreamTickets* tickets,
                                          OrderService& orders, const TokenRegistry& tokens,
                                          Clock& clock) {
  return std::make_unique<EndpointGroup<StreamEndpoints>>(streams, tickets, orders, tokens, clock);
}

}  // namespace oee
