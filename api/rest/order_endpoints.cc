// Orders (place, amend, cancel, resolve, get, list) and quotes.
#include <algorithm>
#include <array>
#include <limits>

#include "api/http/query.h"
#include "api/http/request_headers.h"
#include "api/orders/amend_body.h"
#include "api/orders/order_body.h"
#include "api/orders/quote_ids.h"
#include "api/orders/resolve_body.h"
#include "api/rest/endpoints.h"
#include "api/rest/order_answers.h"
#include "api/stream/filter.h"
#include "core/base/json_writer.h"
#include "core/order/order_json.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;
using enum Route::Needs;
using enum Route::Rate;

constexpr std::size_t account_bytes_max = 64;
constexpr std::size_t tx_hash_max = 88;  // digits of base58
const SwapNames quote_parameters{"inputToken", "outputToken", "amount"};

std::optional<OrderStatus> parse_open_status(std::string_view text) {
  const auto status = parse_order_status(text);
  return status && is_open(*status) ? status : std::nullopt;
}

std::optional<bool> parse_true(std::string_view text) {
  return text == "true" ? std::optional(true) : std::nullopt;
}

void write_route(JsonWriter& json, const QuoteAnswer& quote, Decimal amount, bool of_output) {
  if (!quote.chosen || *quote.chosen >= quote.quotes.size()) {
    json.key("route").null();
    return;
  }
  const VenueQuote& chosen = quote.quotes[*quote.chosen];
  const bool split = quote.legs > 1;
  json.key("route").object([&] {
    json.key("venue").text(chosen.venue);
    if (!split) write_path(json, chosen.path);
    json.key("amountOut").decimal_text(quote.amount_out());
    json.key("price").decimal_text(split ? price_of(quote.amount_out(), amount) : chosen.price);
    if (of_output && chosen.amount_in) json.key("amountIn").decimal_text(*chosen.amount_in);
    if (quote.max_in) json.key("maxInput").decimal_text(*quote.max_in);
    if (!of_output) json.key("minOut").decimal_text(quote.min_out);
    if (!split) return;
    json.key("legs").array([&] {
      for (std::uint32_t i = 0; i < quote.legs; ++i)
        write_quote(json, quote.quotes[*quote.chosen + i]);
    });
  });
}

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

// The amount of a quote: `amount` of the input, or `outputAmount`.
std::optional<SwapAmount> read_amount(const SwapRequest& swap, const std::string& output_amount,
                                      std::vector<ProblemItem>& items) {
  if (output_amount.empty()) return SwapAmount{swap.amount_in};
  const Token* token = swap.output.symbol.view().empty() ? nullptr : &swap.output;
  const auto exact =
      check_amount(output_amount, token, "outputAmount", ExcessDigits::refused, items);
  if (!exact) return std::nullopt;
  return SwapAmount{*exact, true};
}

void check_venue(QueryReader& query, const std::string& venue, const TokenRegistry& tokens) {
  if (venue.empty()) return;
  FilterNames names;
  names.venue.push_back(venue);
  StreamFilter filter;
  if (const auto unknown = StreamFilter::make(names, tokens, {}, &filter))
    query.wrong("venue", "unknown_value", unknown->message);
}

class OrderEndpoints {
 public:
  OrderEndpoints(OrderService& orders, const TokenRegistry& tokens, Clock& clock, Entropy& entropy,
                 std::string quote_key)
      : orders_(orders),
        tokens_(tokens),
        clock_(clock),
        entropy_(entropy),
        quote_ids_(std::move(quote_key)) {}

  Task<HttpAnswer> place(Call call);
  Task<HttpAnswer> list(Call call);
  Task<HttpAnswer> get(Call call);
  Task<HttpAnswer> amend(Call call);
  Task<HttpAnswer> cancel(Call call);
  Task<HttpAnswer> cancel_all(Call call);
  Task<HttpAnswer> resolve(Call call);
  Task<HttpAnswer> quote(Call call);

  using Row = EndpointRoute<OrderEndpoints>;
  static constexpr std::array routes = {
      Row{{verb::post, "/v1/orders", AccessRole::submit_own, none, event_log, limited, true},
          &OrderEndpoints::place},
      Row{{verb::get, "/v1/orders", AccessRole::read_own, read}, &OrderEndpoints::list},
      Row{{verb::delete_, "/v1/orders", AccessRole::submit_own, read, event_log},
          &OrderEndpoints::cancel_all},
      Row{{verb::get, "/v1/orders/{id}", AccessRole::read_own, read}, &OrderEndpoints::get},
      Row{{verb::patch, "/v1/orders/{id}", AccessRole::submit_own, none, event_log},
          &OrderEndpoints::amend},
      Row{{verb::delete_, "/v1/orders/{id}", AccessRole::submit_own, none, event_log},
          &OrderEndpoints::cancel},
      Row{{verb::post, "/v1/orders/{id}/resolve", AccessRole::operate, none, event_log},
          &OrderEndpoints::resolve},
      Row{{verb::get, "/v1/quote", AccessRole::read_own, read, event_log}, &OrderEndpoints::quote},
  };

 private:
  OrderService& orders_;
  const TokenRegistry& tokens_;
  Clock& clock_;
  Entropy& entropy_;
  const QuoteIds quote_ids_;
};

Task<HttpAnswer> OrderEndpoints::place(Call call) {
  if (const auto busy = orders_.refuses_new_orders())
    co_return busy_answer(busy->why, busy->retry_after, call);
  if (!is_json(call.request)) {
    co_return refused(problems::media_type, "Send the order as application/json in UTF-8.", call);
  }
  IdempotencyKey key = idempotency_key_of(call.request);
  if (key.problem) co_return answer_of(*key.problem, call.request_id);
  const bool keyed = !key.text.empty();
  auto parsed = parse_order_body(call.request.body(), tokens_, clock_.now(), keyed);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    co_return answer_of(*problem, call.request_id);
  }
  auto& command = std::get<PlaceOrder>(parsed);
  command.idempotency_key = std::move(key.text);
  command.account = call.principal->name;
  std::optional<Problem> quote_refused;
  if (!command.quote.id.empty()) quote_refused = quote_ids_.bind(command);
  const CorrelationId correlation = correlation_of(call, entropy_);
  const AppendAnswer placed = co_await orders_.place(std::move(command), correlation);
  if (!placed && placed.error().code == Errc::conflict && quote_refused)
    co_return answer_of(*quote_refused, call.request_id);
  if (!placed) co_return failed(placed.error(), true, call);
  co_return accepted({.order_id = placed->order_id,
                      .seq = placed->first_seq,
                      .version = placed->version,
                      .replayed = placed->replayed});
}

Task<HttpAnswer> OrderEndpoints::list(Call call) {
  QueryReader query(call.query);
  OrderFilter filter;
  filter.status =
      query.one_of("status", parse_order_status,
                   "pending, resting, routing, building, submitted, confirmed, failed, cancelled, "
                   "expired");
  filter.input_token = query.text("inputToken", Symbol::size_max).value_or("");
  filter.output_token = query.text("outputToken", Symbol::size_max).value_or("");
  filter.token = query.text("token", Symbol::size_max).value_or("");
  filter.venue = query.text("venue", VenueName::size_max).value_or("");
  check_venue(query, filter.venue, tokens_);
  filter.account = read_account(query, call);
  filter.client_order_id = query.text("clientOrderId", client_order_id_max).value_or("");
  if (!is_client_order_id_text(filter.client_order_id))
    query.wrong("clientOrderId", "bad_text", "must be printable ASCII characters without spaces");
  filter.tag = query.text("tag", tag_bytes_max).value_or("");
  if (!is_client_order_id_text(filter.tag))
    query.wrong("tag", "bad_text", "must be printable ASCII characters without spaces");
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
  if (auto unknown = position_unknown(after_seq, orders_, call)) co_return *std::move(unknown);
  const auto position = co_await orders_.read_position(ReadSource::read_model);
  if (!position) co_return failed(position.error(), false, call);
  const auto page = co_await orders_.orders(std::move(filter), after_seq);
  if (!page) co_return list_failed(page.error(), call);
  HttpAnswer answer = order_page(*page);
  add_as_of(answer, std::max(*position, after_seq));
  co_return answer;
}

Task<HttpAnswer> OrderEndpoints::get(Call call) {
  QueryReader query(call.query);
  const auto at = query.number("at", 1, seq_max);
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  const auto id = id_of(call);
  if (!id) co_return no_such_order(call);
  const auto position = co_await orders_.read_position(ReadSource::history);
  if (!position) co_return failed(position.error(), false, call);
  const auto found = co_await orders_.order_and_legs(*id, at);
  if (!found) co_return failed(found.error(), false, call);
  if (!*found || !call.principal->may_see((*found)->order.account)) co_return no_such_order(call);
  const Order& order = (*found)->order;
  HttpAnswer answer;
  answer.body.reserve(1024 + (*found)->legs.size() * 600);
  JsonWriter json(answer.body);
  write_order(json, order, &(*found)->legs);
  // Records up to an `at` beyond the head are still to come.
  answer.headers.emplace_back("ETag", etag_of(order.version));
  add_as_of(answer, std::min(at.value_or(seq_max), std::max(*position, order.last_seq)));
  co_return answer;
}

Task<HttpAnswer> OrderEndpoints::amend(Call call) {
  const auto id = id_of(call);
  if (!id) co_return no_such_order(call);
  if (!is_json(call.request))
    co_return refused(problems::media_type, "Send the terms as application/json in UTF-8.", call);
  const IfMatch match = if_match_of(call.request);
  if (match.problem) co_return answer_of(*match.problem, call.request_id);
  if (!match.version)
    co_return refused(problems::precondition_required,
                      "Send the ETag of the order as If-Match: its terms may have changed.", call);
  IdempotencyKey key = idempotency_key_of(call.request);
  if (key.problem) co_return answer_of(*key.problem, call.request_id);
  const auto found = co_await orders_.current(*id);
  if (!found) co_return failed(found.error(), true, call);
  if (!is_visible(*found, call)) co_return no_such_order(call);
  // A repetition, whose expiresAt may have passed meanwhile, finds another version.
  const bool repeated = !key.text.empty() && (*found)->version != *match.version;
  auto parsed = parse_amend_body(call.request.body(), **found, clock_.now(), repeated);
  if (const auto* problem = std::get_if<Problem>(&parsed))
    co_return answer_of(*problem, call.request_id);
  AmendOrder command;
  command.by = call.principal->name;
  command.why = change_reason;
  command.idempotency_key = std::move(key.text);
  command.version = *match.version;
  command.terms = std::get<Amendment>(std::move(parsed));
  const CorrelationId correlation = correlation_of(call, entropy_);
  const ChangeAnswer done = co_await orders_.amend(*id, std::move(command), correlation);
  if (done) co_return accepted(*done);
  if (done.error().code == Errc::invalid)
    co_return answer_of(amend_problem(done.error()), call.request_id);
  co_return failed(done.error(), true, call);
}

Task<HttpAnswer> OrderEndpoints::cancel(Call call) {
  return change_order(std::move(call), orders_, entropy_, &OrderService::cancel);
}

// A caller without the role operate cancels orders of its own account only.
Task<HttpAnswer> OrderEndpoints::cancel_all(Call call) {
  QueryReader query(call.query);
  const bool all = query.one_of("all", parse_true, "true").has_value();
  CancelFilter filter;
  const bool any_account = !query.text("account", account_bytes_max);
  filter.account = read_account(query, call);
  filter.token = query.text("token", Symbol::size_max).value_or("");
  filter.status =
      query.one_of("status", parse_open_status, "pending, resting, routing, building, submitted");
  if (!all && any_account && filter.token.empty() && !filter.status)
    query.wrong("all", "required", "must be true unless account, token or status is given");
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  if (call.request.count("Idempotency-Key") != 0)
    co_return refused(
        problems::invalid_header,
        "Idempotency-Key is not supported here: a repetition also cancels what was placed since.",
        call);
  const std::string& caller = call.principal->name;
  if (!call.principal->may(AccessRole::operate)) {
    if (!filter.account.empty() && filter.account != caller)
      co_return refused(problems::forbidden,
                        "Orders of other accounts are cancelled with the role operate.", call);
    filter.account = caller;
  }
  CancelOrder command;
  command.by = caller;
  command.why = change_reason;
  const CorrelationId correlation = correlation_of(call, entropy_);
  const auto counts =
      co_await orders_.cancel_all(std::move(filter), std::move(command), correlation);
  if (!counts) co_return failed(counts.error(), true, call);
  if (counts->stopped) {
    Problem problem = problem_of(*counts->stopped, true, call.request_id);
    problem.detail += " " + std::to_string(counts->cancelled + counts->requested) +
                      " orders were cancelled before; more may be open.";
    co_return answer_of(problem, call.request_id);
  }
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("matched").number(counts->matched);
    json.key("cancelled").number(counts->cancelled);
    json.key("requested").number(counts->requested);
    json.key("ended").number(counts->ended);
    json.key("failed").number(counts->failed);
  });
  co_return answer;
}

Task<HttpAnswer> OrderEndpoints::resolve(Call call) {
  const auto id = id_of(call);
  if (!id) co_return no_such_order(call);
  if (!is_json(call.request))
    co_return refused(problems::media_type, "Send the outcome as application/json in UTF-8.", call);
  IdempotencyKey key = idempotency_key_of(call.request);
  if (key.problem) co_return answer_of(*key.problem, call.request_id);
  const auto found = co_await orders_.current(*id);
  if (!found) co_return failed(found.error(), true, call);
  if (!found->has_value()) co_return no_such_order(call);
  auto parsed = parse_resolve_body(call.request.body(), **found);
  if (const auto* problem = std::get_if<Problem>(&parsed))
    co_return answer_of(*problem, call.request_id);
  auto& command = std::get<ResolveOutcome>(parsed);
  command.idempotency_key = std::move(key.text);
  command.by = call.principal->name;
  const CorrelationId correlation = correlation_of(call, entropy_);
  const ChangeAnswer done = co_await orders_.resolve(*id, std::move(command), correlation);
  if (!done && done.error().code == Errc::invalid)
    co_return answer_of(resolve_problem(done.error()), call.request_id);
  if (!done) co_return failed(done.error(), true, call);
  co_return accepted(*done);
}

Task<HttpAnswer> OrderEndpoints::quote(Call call) {
  QueryReader query(call.query);
  const std::string input = query.required_text("inputToken", 64);
  const std::string output = query.required_text("outputToken", 64);
  const std::string amount = query.text("amount", 64).value_or("");
  const std::string output_amount = query.text("outputAmount", 64).value_or("");
  if (amount.empty() == output_amount.empty())
    query.wrong("amount", "required", "exactly one of amount and outputAmount is required");
  const auto slippage_bps = static_cast<std::uint32_t>(query.number("slippageBps", 0, 10'000, 100));
  const bool in_parts = query.one_of("allowPartial", parse_flag, "true or false").value_or(false);
  if (in_parts && !output_amount.empty())
    query.wrong("allowPartial", "not_allowed", "must not be true with outputAmount");
  SwapText text;
  if (!input.empty()) text.input = input;
  if (!output.empty()) text.output = output;
  if (!amount.empty()) text.amount = amount;
  std::vector<ProblemItem> items;
  const SwapRequest swap = check_swap(text, tokens_, quote_parameters, items);
  std::optional<SwapAmount> asked = read_amount(swap, output_amount, items);
  if (asked) asked->in_parts = in_parts;
  for (ProblemItem& item : items) query.wrong(item.where, item.code, std::move(item.detail));
  if (const auto problem = query.problem()) co_return answer_of(*problem, call.request_id);
  const auto quote = co_await orders_.quote(swap.input, swap.output, *asked, slippage_bps);
  if (!quote) co_return failed(quote.error(), false, call);
  PromisedQuote promised;
  promised.input = swap.input.symbol;
  promised.output = swap.output.symbol;
  // The log compares its own time, which a step back of the wall clock does not change.
  promised.valid_until = quote->as_of + QuoteIds::valid_for;
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("inputToken").text(input);
    json.key("outputToken").text(output);
    json.key(asked->of_output ? "outputAmount" : "amount").decimal_text(asked->amount);
    json.key("slippageBps").number(slippage_bps);
    json.key("quotes").array([&] {
      for (const VenueQuote& each : quote->quotes) write_quote(json, each);
    });
    write_route(json, *quote, asked->amount, asked->of_output);
    if (!quote->chosen) return;
    promised.amount_out = quote->promised_out();
    promised.amount_in = asked->amount.units;
    if (asked->of_output)
      promised.amount_in = quote->quotes[*quote->chosen].amount_in.value_or(asked->amount).units;
    if (asked->of_output) promised.exact_out = asked->amount.units;
    json.key("quoteId").text(quote_ids_.make(promised));
    json.key("validUntil").text_of(promised.valid_until);
  });
  co_return answer;
}

}  // namespace

std::unique_ptr<RouteGroup> order_routes(OrderService& orders, const TokenRegistry& tokens,
                                         Clock& clock, Entropy& entropy, std::string quote_key) {
  return std::make_unique<EndpointGroup<OrderEndpoints>>(orders, tokens, clock, entropy,
                                                         std::move(quote_key));
}

}  // namespace oee
