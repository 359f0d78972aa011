// The endpoints of the dialects: orders and dead letters (dialects.h).
#include "api/dialects/endpoints.h"

#include <array>
#include <limits>

#include "api/dialects/submit.h"
#include "api/http/request_headers.h"
#include "api/orders/order_body.h"
#include "core/base/json_writer.h"
#include "core/runtime/gate.h"
#include "core/runtime/spawn.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;
using enum Route::Needs;
using enum Route::Rate;

constexpr std::string_view dead_letter_path = "/order";
constexpr std::uint32_t page_max = 500;
constexpr std::size_t listed_max = 1'000;  // ~400 B each
constexpr std::size_t clear_at_once = 64;  // one sync of the log makes all of them durable
constexpr int test_orders_max = 5;
const std::string every_account;

// These clients know 400 as the refusal of an order.
constexpr ProblemKind refused_by_limit{400, problems::risk_limit.code, problems::risk_limit.title};

Problem placing_problem(const Error& error, std::string_view request_id) {
  Problem problem = problem_of(error, true, request_id);
  if (problem.kind == &problems::risk_limit) problem.kind = &refused_by_limit;
  return problem;
}

Problem gateway_problem() {
  Problem problem;
  problem.kind = &problems::gateway;
  problem.detail = "This process runs with --role gateway; send the request to the engine.";
  return problem;
}

Problem busy_problem(const Busy& busy) {
  Problem problem;
  problem.kind = &problems::full;
  problem.detail = busy.why;
  problem.retry_after = busy.retry_after;
  return problem;
}

void write_dead_letter(JsonWriter& json, const Order& order) {
  json.object([&] {
    json.key("orderId").text_of(order.id);
    json.key("originalOrder").object([&] {
      json.key("tokenIn").text(order.input.symbol);
      json.key("tokenOut").text(order.output.symbol);
      json.key("amount").decimal_number(order.amount_in);
      // As C reads it: a fraction up to 0.1, a percentage above.
      const bool fraction = order.slippage_bps <= 1'000;
      json.key("slippage")
          .decimal_number(Decimal{order.slippage_bps, static_cast<std::uint8_t>(fraction ? 4 : 2)});
    });
    json.key("failureReason").text(order.error ? to_string(*order.error) : std::string_view());
    json.key("attemptsMade").number(order.attempts_made);
    json.key("failedAt").text_of(order.updated_at);
    json.key("lastError").text(order.error_detail);
  });
}

// An order that no venue can fill: its minimum output is greater than the supply of any token. It
// is quoted and submitted like every order, and each time rejected for its slippage.
Result<PlaceOrder> order_that_fails(const TokenRegistry& tokens) {
  SwapText text;
  text.input = "SOL";
  text.output = "USDC";
  text.amount = "1";
  std::vector<ProblemItem> items;
  const SwapRequest swap = check_swap(text, tokens, {}, items);
  if (!items.empty()) return Error{Errc::invalid, "the registry does not contain SOL and USDC"};
  PlaceOrder order;
  order.input = swap.input;
  order.output = swap.output;
  order.amount_in = swap.amount_in;
  order.min_out_floor = std::numeric_limits<Units>::max();
  return order;
}

class DialectEndpoints {
 public:
  explicit DialectEndpoints(const DialectContext& context)
      : context_(context), dialects_(context.served) {}

  Task<HttpAnswer> place_order(Call call);
  Task<HttpAnswer> failed_jobs(Call call);
  Task<HttpAnswer> failed_job_counts(Call call);
  Task<HttpAnswer> clear_failed_jobs(Call call);
  Task<HttpAnswer> place_failing_orders(Call call);
  Task<HttpAnswer> websocket_only(Call call) { co_return upgrade_required(call); }

  // A gateway's refusal has the dialect's error format and is made here, so no route states that it
  // needs the event log.
  struct Row {
    DialectSet of;  // the route exists with any of them
    Route route;
    Task<HttpAnswer> (DialectEndpoints::*endpoint)(Call);
  };
  static constexpr std::array routes = {
      Row{DialectSet("ABDE"),
          {verb::post, "/api/orders/execute", AccessRole::submit_own, ignored, nothing, limited,
           true},
          &DialectEndpoints::place_order},
      Row{DialectSet("DE"),
          {verb::get, "/api/orders/execute", AccessRole::read_own, ignored},
          &DialectEndpoints::websocket_only},
      Row{DialectSet("D"),
          {verb::get, "/api/orders/status", AccessRole::read_own, ignored},
          &DialectEndpoints::websocket_only},
      Row{DialectSet("C"),
          {verb::post, "/order", AccessRole::submit_own, ignored, nothing, limited, true},
          &DialectEndpoints::place_order},
      Row{DialectSet("C"),
          {verb::get, "/order/{id}", AccessRole::read_own, ignored},
          &DialectEndpoints::websocket_only},
      Row{DialectSet("C"),
          {verb::get, "/api/dlq/failed-orders", AccessRole::read_own, ignored},
          &DialectEndpoints::failed_jobs},
      Row{DialectSet("C"),
          {verb::get, "/api/dlq/stats", AccessRole::read_own, ignored},
          &DialectEndpoints::failed_job_counts},
      Row{DialectSet("C"),
          {verb::delete_, "/api/dlq/clear", AccessRole::operate, ignored},
          &DialectEndpoints::clear_failed_jobs},
      Row{DialectSet("C"),
          {verb::delete_, "/api/dlq/clear/failed", AccessRole::operate, ignored},
          &DialectEndpoints::clear_failed_jobs},
      Row{DialectSet("C"),
          {verb::post, "/test/dlq", AccessRole::operate, ignored, test_endpoints},
          &DialectEndpoints::place_failing_orders},
      Row{DialectSet("C"),
          {verb::post, "/test/dlq/bulk", AccessRole::operate, ignored, test_endpoints},
          &DialectEndpoints::place_failing_orders},
  };

 private:
  std::optional<HttpAnswer> refusal_of_order(const Call& call);
  struct Cleared {
    std::uint64_t count = 0;
    Seq last_seq = 0;
    std::optional<Error> stopped;  // the error that ended it early
  };
  Task<Cleared> clear_dead_letters(std::string by, CorrelationId correlation);
  Task<void> discard_some(const std::vector<Order>& orders, std::size_t begin, std::string by,
                          CorrelationId correlation, Cleared& cleared);

  // The dead letter routes are C's, which is served when one of them is called.
  const DialectSubmit& dead_letter_row() const {
    return dialects_.submits(dead_letter_path).front();
  }
  HttpAnswer dead_letter_refusal(const Error& error, bool write, const Call& call) const {
    return dialect_refusal(dead_letter_row(), problem_of(error, write, call.request_id));
  }

  const DialectContext context_;
  const Dialects dialects_;
};

// Refuses an order before its body is read when its content cannot matter, as under /v1.
std::optional<HttpAnswer> DialectEndpoints::refusal_of_order(const Call& call) {
  const DialectSubmit& row = dialects_.submits(path_of(call)).back();
  if (context_.gateway) return dialect_refusal(row, gateway_problem());
  if (const auto busy = context_.orders.refuses_new_orders()) {
    HttpAnswer answer = dialect_refusal(row, busy_problem(*busy));
    answer.busy = true;
    return answer;
  }
  if (is_json(call.request)) return std::nullopt;
  Problem problem;
  problem.kind = &problems::media_type;
  problem.detail = "Send the order as application/json in UTF-8.";
  return dialect_refusal(row, problem);
}

Task<HttpAnswer> DialectEndpoints::place_order(Call call) {
  if (auto refusal = refusal_of_order(call)) co_return *std::move(refusal);
  DialectOrder read =
      read_dialect_order(dialects_.submits(path_of(call)), call.request.body(), context_.tokens);
  const DialectSubmit& row = *read.row;
  if (const auto* problem = std::get_if<Problem>(&read.order))
    co_return dialect_refusal(row, *problem);
  IdempotencyKey key = idempotency_key_of(call.request);
  if (key.problem) co_return dialect_refusal(row, *key.problem);
  auto& command = std::get<PlaceOrder>(read.order);
  command.account = call.principal->name;
  command.idempotency_key = std::move(key.text);
  const CorrelationId correlation = correlation_of(call, context_.entropy);
  const AppendAnswer placed = co_await context_.orders.place(std::move(command), correlation);
  if (!placed) co_return dialect_refusal(row, placing_problem(placed.error(), call.request_id));
  HttpAnswer answer = dialect_answer(row, placed->order_id);
  if (placed->replayed) answer.headers.emplace_back("Idempotent-Replayed", "true");
  co_return answer;
}

// --- Dead letters --------------------------------------------------------------------------------

Task<HttpAnswer> DialectEndpoints::failed_jobs(Call call) {
  const std::string account(call.principal->only_account());
  std::vector<Order> orders;
  std::string cursor;
  do {
    auto page = co_await context_.orders.dead_letters(page_max, std::move(cursor), account, 0);
    if (!page) co_return dead_letter_refusal(page.error(), false, call);
    cursor = std::move(page->next_cursor);
    for (Order& order : page->items) orders.push_back(std::move(order));
  } while (!cursor.empty() && orders.size() < listed_max);
  std::uint64_t count = orders.size();
  if (!cursor.empty()) {
    const auto counts = co_await context_.orders.dead_letter_counts(account, 0);
    if (!counts) co_return dead_letter_refusal(counts.error(), false, call);
    count = counts->dead;
  }
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("count").number(count);
    json.key("failedJobs").array([&] {
      for (const Order& order : orders) write_dead_letter(json, order);
    });
    json.key("dlqProcessedJobs").array([] {});
    json.key("message").text(cursor.empty() ? std::to_string(count) + " failed orders"
                                            : "The newest " + std::to_string(orders.size()) +
                                                  " of " + std::to_string(count) +
                                                  " failed orders; clear or requeue them");
  });
  co_return answer;
}

// C has two queues. A dead letter waits in the second queue until it is cleared; then it counts as
// completed there.
Task<HttpAnswer> DialectEndpoints::failed_job_counts(Call call) {
  const std::string account(call.principal->only_account());
  const auto counts = co_await context_.orders.dead_letter_counts(account, 0);
  if (!counts) co_return dead_letter_refusal(counts.error(), false, call);
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("marketQueue").object([&] {
      json.key("failed").number(counts->dead);
      json.key("completed").number(counts->confirmed);
      json.key("active").number(counts->active);
      json.key("wait").number(counts->pending);
    });
    json.key("dlqQueue").object([&] {
      json.key("completed").number(counts->discarded);
      json.key("active").number(0);
      json.key("wait").number(counts->dead);
    });
    json.key("totalFailed").number(counts->dead);
  });
  co_return answer;
}

// Discards up to clear_at_once of `orders`, from `begin`. An order that was requeued or discarded
// in the meantime is skipped; this is not an error.
Task<void> DialectEndpoints::discard_some(const std::vector<Order>& orders, std::size_t begin,
                                          std::string by, CorrelationId correlation,
                                          Cleared& cleared) {
  Gate gate;
  std::vector<Started<ChangeAnswer>> pending;
  for (std::size_t i = begin; i < orders.size() && pending.size() < clear_at_once; ++i) {
    DiscardDeadLetter command;
    command.by = by;
    command.why = "cleared over REST";
    pending.push_back(
        oee::start(gate, context_.orders.discard(orders[i].id, std::move(command), correlation)));
  }
  for (auto& each : pending) {
    const ChangeAnswer done = co_await each;
    if (done) {
      ++cleared.count;
      cleared.last_seq = std::max(cleared.last_seq, done->seq);
    } else if (done.error().code != Errc::conflict) {
      cleared.stopped = done.error();
    }
  }
  co_await gate.close();
}

// Discards every dead letter from the newest to the oldest, with one page in memory at a time.
// Orders that fail in the meantime do not prolong it.
Task<DialectEndpoints::Cleared> DialectEndpoints::clear_dead_letters(std::string by,
                                                                     CorrelationId correlation) {
  Cleared cleared;
  std::string cursor;
  do {
    auto page =
        co_await context_.orders.dead_letters(page_max, std::move(cursor), every_account, 0);
    if (!page) {
      cleared.stopped = page.error();
      co_return cleared;
    }
    cursor = std::move(page->next_cursor);
    for (std::size_t i = 0; i < page->items.size() && !cleared.stopped; i += clear_at_once)
      co_await discard_some(page->items, i, by, correlation, cleared);
  } while (!cursor.empty() && !cleared.stopped);
  // Waits for the read model, so that the caller's next list shows the result. A read model that is
  // far behind is not an error.
  const auto seen = co_await context_.orders.dead_letter_counts(every_account, cleared.last_seq);
  (void)seen;
  co_return cleared;
}

Task<HttpAnswer> DialectEndpoints::clear_failed_jobs(Call call) {
  if (context_.gateway) co_return dialect_refusal(dead_letter_row(), gateway_problem());
  if (call.request.count("Idempotency-Key") != 0) {
    Problem problem;
    problem.kind = &problems::invalid_header;
    problem.detail =
        "Idempotency-Key is not supported here: a repetition also discards what failed since.";
    co_return dialect_refusal(dead_letter_row(), problem);
  }
  const CorrelationId correlation = correlation_of(call, context_.entropy);
  const Cleared cleared = co_await clear_dead_letters(call.principal->name, correlation);
  if (cleared.stopped) {
    Problem problem = problem_of(*cleared.stopped, true, call.request_id);
    problem.detail += " " + std::to_string(cleared.count) +
                      " failed orders were cleared before; more may be left.";
    co_return dialect_refusal(dead_letter_row(), problem);
  }
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("message").text("Cleared " + std::to_string(cleared.count) + " failed orders");
    json.key(path_of(call).ends_with("/failed") ? "clearedCount" : "cleared").number(cleared.count);
  });
  co_return answer;
}

// --- Orders that must fail -----------------------------------------------------------------------

Task<HttpAnswer> DialectEndpoints::place_failing_orders(Call call) {
  if (context_.gateway) co_return dialect_refusal(dead_letter_row(), gateway_problem());
  const IdempotencyKey key = idempotency_key_of(call.request);
  if (key.problem) co_return dialect_refusal(dead_letter_row(), *key.problem);
  const bool bulk = path_of(call).ends_with("/bulk");
  const CorrelationId correlation = correlation_of(call, context_.entropy);
  std::vector<std::string> ids;
  bool replayed = true;
  for (int i = 0; i < (bulk ? test_orders_max : 1); ++i) {
    auto order = order_that_fails(context_.tokens);
    if (!order) co_return dead_letter_refusal(order.error(), true, call);
    order->account = call.principal->name;
    order->idempotency_key = key.text;
    if (bulk && !key.text.empty()) order->idempotency_key += "/" + std::to_string(i + 1);
    const AppendAnswer placed = co_await context_.orders.place(*std::move(order), correlation);
    if (!placed)
      co_return dialect_refusal(dead_letter_row(),
                                placing_problem(placed.error(), call.request_id));
    ids.push_back(to_text(placed->order_id));
    replayed = replayed && placed->replayed;
  }
  HttpAnswer answer;
  if (replayed) answer.headers.emplace_back("Idempotent-Replayed", "true");
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("message").text(bulk ? "Orders that must fail were placed"
                                  : "An order that must fail was placed");
    if (bulk) {
      json.key("orderIds").array([&] {
        for (const std::string& id : ids) json.text(id);
      });
    } else {
      json.key("orderId").text(ids.front());
    }
    json.key("note").text(
        "No venue can reach its min_out; after its last attempt it is a dead letter, see "
        "/api/dlq/failed-orders");
  });
  co_return answer;
}

class DialectRoutes final : public RouteGroup {
 public:
  explicit DialectRoutes(const DialectContext& context) : endpoints_(context) {
    for (const DialectEndpoints::Row& row : DialectEndpoints::routes)
      if (row.of.meets(context.served)) rows_.push_back(&row);
  }
  std::size_t size() const override { return rows_.size(); }
  const Route& route(std::size_t index) const override { return rows_[index]->route; }
  Task<HttpAnswer> answer(std::size_t index, Call call) override {
    return (endpoints_.*rows_[index]->endpoint)(std::move(call));
  }

 private:
  DialectEndpoints endpoints_;
  std::vector<const DialectEndpoints::Row*> rows_;
};

}  // namespace

std::unique_ptr<RouteGroup> dialect_routes(const DialectContext& context) {
  return std::make_unique<DialectRoutes>(context);
}

}  // namespace oee
