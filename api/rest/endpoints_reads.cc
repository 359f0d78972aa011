// The endpoints that change nothing.
#include <limits>

#include "api/http/request_headers.h"
#include "api/orders/order_body.h"
#include "api/rest/endpoints.h"
#include "api/telemetry/metrics_registry.h"
#include "core/order/order_json.h"

namespace oee {
namespace {

constexpr std::uint32_t orders_page_max = 500;
constexpr std::uint32_t orders_page = 50;
constexpr std::uint32_t events_page_max = 1000;
constexpr std::uint32_t events_page = 500;
constexpr std::size_t cursor_bytes_max = 512;
constexpr std::size_t tx_hash_max = 88;  // digits of base58
constexpr Seq seq_max = std::numeric_limits<Seq>::max() - 1;
const SwapPlaces quote_parameters{"inputToken", "outputToken", "amount"};
constexpr std::string_view ndjson_type = "application/x-ndjson";

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

// What failed in a list whose only input that can be wrong is the page cursor.
HttpAnswer list_failed(const Error& error, const Call& call) {
  if (error.code != Errc::invalid) return failed(error, false, call);
  Problem problem;
  problem.kind = &problems::invalid_parameter;
  problem.detail = "cursor: is not one that a page of this list gave.";
  problem.items = {{"cursor", "unknown_cursor", "is not one that a page of this list gave"}};
  problem.items_are_parameters = true;
  return answer_of(problem, call.request_id);
}

// Where the next page begins, when this one may not be the last.
std::optional<Seq> next_after(const OrderHistory::Events& events, const EventFilter& filter) {
  const bool more =
      filter.type ? events.scanned > filter.after : events.items.size() >= filter.limit;
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

// One event a line; where to go on is a Link (RFC 8288), relative to the same path.
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
  answer.headers.emplace_back("Link", link + ">; rel=\"next\"");
  return answer;
}

void write_route(JsonWriter& json, const QuoteAnswer& quote) {
  if (!quote.chosen || *quote.chosen >= quote.quotes.size()) {
    json.key("route").null();
    return;
  }
  const VenueQuote& chosen = quote.quotes[*quote.chosen];
  json.key("route").object([&] {
    json.key("venue").text(chosen.venue);
    json.key("amountOut").decimal_text(chosen.amount_out);
    json.key("price").decimal_text(chosen.price);
    json.key("minOut").decimal_text(quote.min_out);
  });
}

// The members of a JSON object's text, for splicing into another.
std::string_view members_of(std::string_view object) {
  if (object.size() < 2 || object.front() != '{' || object.back() != '}') return {};
  return object.substr(1, object.size() - 2);
}

}  // namespace

Task<HttpAnswer> Endpoints::order(Call call) {
  QueryReader query(call.query);
  const auto at = query.number("at", 1, seq_max);
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  const auto id = id_of(call);
  if (!id) co_return no_such_order(call);
  const auto found = co_await context_.orders.order(*id, at);
  if (!found) co_return failed(found.error(), false, call);
  if (!found->has_value()) co_return no_such_order(call);
  HttpAnswer answer;
  answer.body.reserve(1024);
  JsonWriter json(answer.body);
  write_order(json, **found);
  co_return answer;
}

Task<HttpAnswer> Endpoints::orders(Call call) {
  QueryReader query(call.query);
  OrderFilter filter;
  filter.status =
      query.one_of("status", parse_order_status,
                   "pending, routing, building, submitted, confirmed, failed, cancelled, expired");
  filter.input_token = query.text("inputToken", Symbol::size_max).value_or("");
  filter.output_token = query.text("outputToken", Symbol::size_max).value_or("");
  filter.token = query.text("token", Symbol::size_max).value_or("");
  filter.venue = query.text("venue", VenueName::size_max).value_or("");
  filter.client_order_id = query.text("clientOrderId", client_order_id_max).value_or("");
  if (!is_client_order_id_text(filter.client_order_id))
    query.wrong("clientOrderId", "bad_text", "must be printable ASCII characters without spaces");
  if (const auto hash = query.text("txHash", tx_hash_max)) {
    const Result<TxHash> parsed = parse_tx_hash(*hash);
    if (parsed) filter.tx_hash = *parsed;
    if (!parsed) query.wrong("txHash", "not_a_tx_hash", "must be base58 of 64 bytes");
  }
  filter.since = query.time("since");
  filter.limit = static_cast<std::uint32_t>(query.number("limit", 1, orders_page_max, orders_page));
  filter.cursor = query.text("cursor", cursor_bytes_max).value_or("");
  const Seq after_seq = query.number("afterSeq", 0, seq_max, 0);
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  const auto page = co_await context_.orders.orders(std::move(filter), after_seq);
  if (!page) co_return list_failed(page.error(), call);
  co_return order_page(*page);
}

Task<HttpAnswer> Endpoints::order_events(Call call) {
  const auto id = id_of(call);
  if (!id) co_return no_such_order(call);
  QueryReader query(call.query);
  EventFilter filter;
  filter.order_id = *id;
  co_return co_await list_events(call, std::move(filter), std::move(query));
}

Task<HttpAnswer> Endpoints::events(Call call) {
  QueryReader query(call.query);
  EventFilter filter;
  co_return co_await list_events(call, std::move(filter), std::move(query));
}

Task<HttpAnswer> Endpoints::list_events(Call call, EventFilter filter, QueryReader query) {
  filter.after = query.number("after", 0, seq_max, 0);
  filter.limit = static_cast<std::uint32_t>(query.number("limit", 1, events_page_max, events_page));
  filter.type = query.one_of("type", parse_event_type, "the event types, as OrderAccepted");
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  const EventFilter asked = filter;
  const auto events = co_await context_.orders.events(std::move(filter));
  if (!events) co_return failed(events.error(), false, call);
  if (asked.order_id && asked.after == 0 && !asked.type && events->items.empty()) {
    co_return no_such_order(call);
  }
  const auto next = next_after(*events, asked);
  if (wants_ndjson(call.request)) co_return events_ndjson(*events, next, asked);
  co_return events_json(*events, next);
}

Task<HttpAnswer> Endpoints::quote(Call call) {
  QueryReader query(call.query);
  const std::string input = query.required_text("inputToken", 64);
  const std::string output = query.required_text("outputToken", 64);
  const std::string amount = query.required_text("amount", 64);
  const auto slippage_bps = static_cast<std::uint32_t>(query.number("slippageBps", 0, 10'000, 100));
  SwapText text;
  if (!input.empty()) text.input = input;
  if (!output.empty()) text.output = output;
  if (!amount.empty()) text.amount = amount;
  std::vector<ProblemItem> items;
  const SwapRequest swap = check_swap(text, context_.tokens, quote_parameters, items);
  for (ProblemItem& item : items) query.wrong(item.where, item.code, std::move(item.detail));
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  const auto quote =
      co_await context_.orders.quote(swap.input, swap.output, swap.amount_in, slippage_bps);
  if (!quote) co_return failed(quote.error(), false, call);
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("inputToken").text(input);
    json.key("outputToken").text(output);
    json.key("amount").decimal_text(swap.amount_in);
    json.key("slippageBps").number(slippage_bps);
    json.key("quotes").array([&] {
      for (const VenueQuote& each : quote->quotes) write_quote(json, each);
    });
    write_route(json, *quote);
  });
  co_return answer;
}

Task<HttpAnswer> Endpoints::dead_letters(Call call) {
  QueryReader query(call.query);
  const auto limit =
      static_cast<std::uint32_t>(query.number("limit", 1, orders_page_max, orders_page));
  std::string cursor = query.text("cursor", cursor_bytes_max).value_or("");
  const Seq after_seq = query.number("afterSeq", 0, seq_max, 0);
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  const auto page = co_await context_.orders.dead_letters(limit, std::move(cursor), after_seq);
  if (!page) co_return list_failed(page.error(), call);
  co_return order_page(*page);
}

Task<HttpAnswer> Endpoints::dead_letter_stats(Call call) {
  QueryReader query(call.query);
  const Seq after_seq = query.number("afterSeq", 0, seq_max, 0);
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  const auto stats = co_await context_.orders.dead_letter_stats(after_seq);
  if (!stats) co_return failed(stats.error(), false, call);
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("dead").number(stats->dead);
    json.key("discarded").number(stats->discarded);
    json.key("byError").object([&] {
      for (const auto& [error, count] : stats->by_error) json.key(to_string(error)).number(count);
    });
    json.key("pending").number(stats->pending);
    json.key("active").number(stats->active);
    json.key("confirmed").number(stats->confirmed);
  });
  co_return answer;
}

Task<HttpAnswer> Endpoints::health(Call) {
  const Readiness readiness = context_.health.readiness();
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("status").text(readiness.ready ? "ok" : "degraded");
    if (!readiness.reasons.empty()) {
      json.key("reasons").array([&] {
        for (const std::string& reason : readiness.reasons) json.text(reason);
      });
    }
    const std::string_view members = members_of(readiness.health_json);
    if (!members.empty()) json.raw(members);
  });
  co_return answer;
}

Task<HttpAnswer> Endpoints::alive(Call) {
  HttpAnswer answer;
  answer.body = R"({"status":"ok"})";
  co_return answer;
}

Task<HttpAnswer> Endpoints::ready(Call call) {
  Readiness readiness = context_.health.readiness();
  if (readiness.ready) {
    HttpAnswer answer;
    answer.body = R"({"status":"ready"})";
    co_return answer;
  }
  Problem problem;
  problem.kind = &problems::not_ready;
  for (const std::string& reason : readiness.reasons) {
    if (!problem.detail.empty()) problem.detail += "; ";
    problem.detail += reason;
  }
  problem.reasons = std::move(readiness.reasons);
  co_return answer_of(problem, call.request_id);
}

Task<HttpAnswer> Endpoints::metrics(Call call) {
  if (!context_.scrape) co_return refused(problems::not_found, "There are no metrics here.", call);
  Result<std::string> text = co_await context_.scrape();
  if (!text.ok()) co_return failed(text.error(), false, call);
  HttpAnswer answer;
  answer.content_type = metrics_content_type;
  answer.body = *std::move(text);
  co_return answer;
}

Task<HttpAnswer> Endpoints::configuration(Call) {
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

Task<HttpAnswer> Endpoints::websocket_only(Call call) {
  HttpAnswer answer = refused(problems::upgrade_required, "Open a WebSocket here.", call);
  answer.headers.emplace_back("Upgrade", "websocket");
  co_return answer;
}

}  // namespace oee
