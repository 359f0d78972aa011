// OrdersInMemory: a small OrderService that keeps placed orders, decides idempotency like the log,
// and fails on demand. TestApi: the REST API over it, called without a network. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/dialects/session.h"
#include "api/engine/route_groups.h"
#include "api/routing/routes.h"
#include "api/telemetry/health.h"
#include "core/order/decide.h"
#include "core/order/order_json.h"
#include "core/runtime/gate.h"
#include "core/runtime/spawn.h"
#include "core/runtime/system_clock.h"
#include "tests/support/clients/contract.h"

namespace oee::test {

// Runs a task that does not wait.
template <class T>
T run_now(Task<T> task) {
  Gate gate;
  std::optional<T> result;
  struct Run {
    static Task<void> run(Task<T> inner, std::optional<T>& out) {
      out.emplace(co_await std::move(inner));
    }
  };
  spawn(gate, "run now", Run::run(std::move(task), result));
  check(result.has_value(), "the task waits for something");
  return *std::move(result);
}

class OrdersInMemory final : public OrderService {
 public:
  // --- Read or set by tests ----------------------------------------------------------------------
  int writes = 0;
  std::optional<Error> fail_with;        // every call returns it
  std::optional<Error> reads_fail_with;  // of an order, by order()
  int discards_left = -1;  // so many succeed, later ones are `unavailable`; -1: all succeed
  std::vector<PlaceOrder> placed;
  std::vector<CorrelationId> correlations;
  std::vector<std::string> acted;  // the principals that cancelled, requeued or discarded orders
  std::vector<ResolveOutcome> resolved;
  OrderFilter last_filter;
  std::optional<CancelFilter> last_cancel_filter;
  std::optional<Error> cancel_all_stops;
  EventFilter last_event_filter;
  Seq last_after_seq = 0;
  std::optional<Seq> log_head;  // as head() returns it
  Seq position = 0;             // as read_position() returns it
  std::string next_cursor;
  bool cannot_quote = false;
  std::optional<WallTime> quoted_at;  // the log's time of a quote; empty: now
  WallTime log_time{};                // orders by a quote that has ended by then are refused
  std::vector<Leg> legs;              // of every order

  Task<AppendAnswer> place(PlaceOrder command, CorrelationId correlation) override {
    if (fail_with) co_return *fail_with;
    const Hash256 fingerprint = fingerprint_of(command);
    const std::vector<std::string> keys = keys_of(command);
    for (const std::string& key : keys) {
      const auto found = keys_.find(key);
      if (found == keys_.end()) continue;
      if (found->second.fingerprint != fingerprint) {
        co_return Error{Errc::key_mismatch, "the key was used with another order"};
      }
      co_return appended(found->second.answer, true);
    }
    if (!command.quote.id.empty() && log_time >= command.quote.valid_until)
      co_return Error{Errc::conflict, "the append comes too late"};
    const OrderId id = next_id();
    Order& order = orders_[id];
    check(evolve(order, record_of(order, id, decide(command))).ok(), "an order is not accepted");
    const Changed answer = state_of(order);
    for (const std::string& key : keys) keys_[key] = {fingerprint, answer};
    placed.push_back(std::move(command));
    correlations.push_back(correlation);
    co_return appended(answer, false);
  }
  Task<ChangeAnswer> cancel(OrderId id, CancelOrder command, CorrelationId correlation) override {
    acted.push_back(command.by);
    correlations.push_back(correlation);
    const auto found = orders_.find(id);
    if (found != orders_.end() && found->second.cancel_requested && found->second.open())
      co_return state_of(found->second);
    co_return change(id, command);
  }
  Task<ChangeAnswer> requeue(OrderId id, RequeueDeadLetter command, CorrelationId) override {
    acted.push_back(command.by);
    co_return change(id, command);
  }
  Task<ChangeAnswer> discard(OrderId id, DiscardDeadLetter command, CorrelationId) override {
    acted.push_back(command.by);
    if (discards_left == 0) co_return Error{Errc::unavailable, "the disk is slow"};
    if (discards_left > 0) --discards_left;
    co_return change(id, command);
  }
  Task<ChangeAnswer> amend(OrderId id, AmendOrder command, CorrelationId) override {
    acted.push_back(command.by);
    const auto found = orders_.find(id);
    const bool known = keys_.contains("i " + command.by + " " + command.idempotency_key);
    if (!known && found != orders_.end() && found->second.version != command.version)
      co_return Error{Errc::stale, "the order is at another version"};
    co_return change(id, command);
  }
  Task<Result<std::optional<Order>>> current(OrderId id) override {
    if (fail_with) co_return *fail_with;
    const auto found = orders_.find(id);
    co_return found == orders_.end() ? std::nullopt : std::optional<Order>(found->second);
  }
  Task<Result<CancelCounts>> cancel_all(CancelFilter filter, CancelOrder command,
                                        CorrelationId) override {
    if (fail_with) co_return *fail_with;
    last_cancel_filter = filter;
    CancelCounts counts;
    counts.stopped = cancel_all_stops;
    for (auto& [id, order] : orders_) {
      if (!order.open() || (!filter.account.empty() && order.account != filter.account)) continue;
      ++counts.matched;
      const ChangeAnswer done = change(id, command);
      ++(done.ok() && done->cancel_requested ? counts.requested : counts.cancelled);
    }
    co_return counts;
  }
  Task<ChangeAnswer> resolve(OrderId id, ResolveOutcome command, CorrelationId) override {
    acted.push_back(command.by);
    resolved.push_back(command);
    co_return change(id, command);
  }
  Task<AppendAnswer> halt(HaltTrading command, CorrelationId) override {
    acted.push_back(command.by);
    co_return change_trading(event_of(std::move(command)));
  }
  Task<AppendAnswer> resume(ResumeTrading command, CorrelationId) override {
    acted.push_back(command.by);
    co_return change_trading(event_of(std::move(command)));
  }
  Result<Halts> halts() const override { return halts_; }
  std::optional<Seq> head() const override { return log_head; }
  Task<Result<Seq>> read_position(ReadSource) override { co_return position; }
  Task<Result<std::optional<Order>>> order(OrderId id, std::optional<Seq> at) override {
    if (fail_with) co_return *fail_with;
    if (reads_fail_with) co_return *reads_fail_with;
    const auto found = orders_.find(id);
    std::optional<Order> order;
    if (found != orders_.end() && (!at || found->second.accepted_seq <= *at)) order = found->second;
    co_return order;
  }
  Task<Result<OrderHistory::Events>> events(EventFilter filter) override {
    if (fail_with) co_return *fail_with;
    last_event_filter = filter;
    OrderHistory::Events events;
    events.scanned = filter.after;
    for (const auto& [id, order] : orders_) {
      if (filter.order_id && *filter.order_id != id) continue;
      if (order.accepted_seq <= filter.after || events.items.size() == filter.limit) continue;
      events.scanned = order.accepted_seq;
      if (filter.type && *filter.type != EventType::order_accepted) continue;
      if (!filter.account.empty() && filter.account != order.account) continue;
      OrderAccepted accepted;
      accepted.account = order.account;
      accepted.input = order.input;
      accepted.output = order.output;
      accepted.amount_in = order.amount_in;
      Record record{
          order.accepted_seq, id, 1, WallTime(Micros(1'770'000'000'000'001)), {}, accepted};
      EventView view;
      JsonWriter json(view.json);
      write_event(json, record, true);
      events.items.push_back(std::move(view));
    }
    co_return events;
  }
  Task<Result<Page<Order>>> orders(OrderFilter filter, Seq after_seq) override {
    last_filter = filter;
    last_after_seq = after_seq;
    co_return page(filter.account);
  }
  Task<Result<Page<Order>>> dead_letters(std::uint32_t limit, std::string cursor,
                                         std::string account, Seq after_seq) override {
    last_filter.limit = limit;
    last_filter.cursor = cursor;
    last_filter.account = account;
    last_after_seq = after_seq;
    if (fail_with) co_return *fail_with;
    Page<Order> page;
    auto next = orders_.begin();
    if (!cursor.empty()) next = orders_.upper_bound(*parse_order_id(cursor));
    for (; next != orders_.end() && page.items.size() < limit; ++next)
      if (account.empty() || next->second.account == account) page.items.push_back(next->second);
    if (next != orders_.end()) page.next_cursor = to_text(std::prev(next)->first);
    co_return page;
  }
  Task<Result<DeadLetterCounts>> dead_letter_counts(std::string account, Seq) override {
    last_filter.account = account;
    if (fail_with) co_return *fail_with;
    DeadLetterCounts counts;
    counts.dead = 2;
    counts.by_error.emplace_back(ErrorClass::slippage_exceeded, 2);
    for (const auto& [id, order] : orders_)
      counts.pending += order.open() && (account.empty() || order.account == account) ? 1 : 0;
    co_return counts;
  }
  Task<Result<QuoteAnswer>> quote(Token input, Token output, SwapAmount amount,
                                  std::uint32_t) override {
    if (fail_with) co_return *fail_with;
    QuoteAnswer answer;
    answer.as_of = quoted_at.value_or(std::chrono::floor<Micros>(std::chrono::system_clock::now()));
    VenueQuote quote;
    quote.venue = "raydium";
    quote.amount_out = Decimal{1'500'000, output.decimals};
    if (amount.of_output) {
      quote.amount_out = amount.amount;
      quote.amount_in = Decimal{2'000'000, input.decimals};
      answer.max_in = Decimal{2'020'000, input.decimals};
    }
    answer.quotes.push_back(quote);
    if (!cannot_quote) answer.chosen = 0;
    answer.min_out = Decimal{1'485'000, output.decimals};
    co_return answer;
  }

  Task<Result<std::optional<OrderAndLegs>>> order_and_legs(OrderId id,
                                                           std::optional<Seq> at) override {
    const auto found = co_await order(id, at);
    if (!found.ok()) co_return found.error();
    std::optional<OrderAndLegs> answer;
    if (*found) answer = OrderAndLegs{**found, legs};
    co_return answer;
  }

  void set_phase(const OrderId& id, Phase phase) {
    Order& order = orders_.at(id);
    order.phase = phase;
    if (!is_live_attempt(phase)) return;
    order.attempt = 1;
    order.attempt_in = order.remaining();
  }

 private:
  struct Key {
    Hash256 fingerprint{};
    Changed answer;
  };
  static Changed state_of(const Order& order) {
    return {.order_id = order.id,
            .seq = order.last_seq,
            .version = order.version,
            .status = order.status(),
            .cancel_requested = order.cancel_requested && order.open()};
  }
  static Appended appended(const Changed& answer, bool replayed) {
    return {answer.order_id, answer.seq, answer.seq, answer.version, replayed};
  }
  Record record_of(const Order& order, const OrderId& id, Event event) {
    ++writes;
    return {++seq_,          id, order.version + 1, WallTime(Micros(1'770'000'000'000'001)), {},
            std::move(event)};
  }
  static std::vector<std::string> keys_of(const PlaceOrder& command) {
    std::vector<std::string> keys;
    if (!command.idempotency_key.empty())
      keys.push_back("i " + command.account + " " + command.idempotency_key);
    if (!command.client_order_id.empty())
      keys.push_back("c " + command.account + " " + command.client_order_id);
    return keys;
  }
  static Result<std::vector<Event>> events_of(const Order& order, const ResolveOutcome& command) {
    return decide(order, command, WallTime(Micros(1'770'000'000'000'001)));
  }
  static Result<std::vector<Event>> events_of(const Order& order, const auto& command) {
    OEE_TRY_ASSIGN(Event event, decide(order, command));
    std::vector<Event> events;
    events.push_back(std::move(event));
    return events;
  }
  OrderId next_id() { return ids_.next(1'700'000'000'000'000, orders_.size()); }
  AppendAnswer change_trading(const Event& event) {
    if (fail_with) return *fail_with;
    if (const auto legal = check_trading(halts_, event); !legal.ok()) return legal.error();
    ++writes;
    Record record;
    record.seq = ++seq_;
    record.order_id = engine_stream;
    record.version = halts_.version() + 1;
    record.time = WallTime(Micros(1'770'000'000'000'001));
    record.event = event;
    halts_.take(record);
    return Appended{engine_stream, record.seq, record.seq, record.version};
  }
  ChangeAnswer change(const OrderId& id, const auto& command) {
    if (fail_with) return *fail_with;
    const Hash256 fingerprint = oee::keys_of(event_of(id, command)).fingerprint;
    const std::string key = "i " + command.by + " " + command.idempotency_key;
    if (const auto known = keys_.find(key); known != keys_.end()) {
      if (known->second.fingerprint != fingerprint)
        return Error{Errc::key_mismatch, "the key was used with another request"};
      Changed first = known->second.answer;
      first.replayed = true;
      return first;
    }
    const auto found = orders_.find(id);
    if (found == orders_.end()) return Error{Errc::not_found, "no such order"};
    Order& order = found->second;
    const Result<std::vector<Event>> events = events_of(order, command);
    if (!events.ok()) return events.error();
    const Seq seq = seq_ + 1;
    for (const Event& event : *events)
      check(evolve(order, record_of(order, id, event)).ok(), "a change is not legal");
    Changed answer = state_of(order);
    answer.seq = seq;
    if (!command.idempotency_key.empty()) keys_[key] = {fingerprint, answer};
    return answer;
  }
  Result<Page<Order>> page(const std::string& account) {
    if (fail_with) return *fail_with;
    Page<Order> page;
    for (const auto& [id, order] : orders_)
      if (account.empty() || order.account == account) page.items.push_back(order);
    page.next_cursor = next_cursor;
    return page;
  }
  OrderIdSource ids_;
  Halts halts_;
  std::map<OrderId, Order> orders_;
  std::map<std::string, Key> keys_;
  Seq seq_ = 0;
};

// Venues that move to every price but `unreachable`, and open every pool unless they fail.
class VenuesInMemory final : public MarketControl {
 public:
  std::vector<MarketMove> moves;
  std::vector<PoolOpening> openings;
  std::optional<Error> opening_fails;
  Task<Result<OpenedPool>> open_pool(PoolOpening opening) override {
    if (opening_fails) co_return *opening_fails;
    openings.push_back(opening);
    OpenedPool opened;
    opened.pool = 41 + static_cast<std::uint32_t>(openings.size());
    opened.venue = opening.venue;
    opened.kind = opening.kind;
    opened.price = opening.price;
    co_return opened;
  }
  std::optional<Decimal> unreachable;
  std::vector<std::pair<VenueName, bool>> silenced;
  void silence(VenueName venue, bool silent) override { silenced.emplace_back(venue, silent); }
  Task<Result<std::vector<VenuePrice>>> move_market(MarketMove move) override {
    if (unreachable == move.price) co_return Error{Errc::full, "the pool does not reach the price"};
    moves.push_back(move);
    std::vector<VenuePrice> prices;
    for (const VenueInfo& venue : TokenRegistry::defaults().venues())
      if (!move.venue || *move.venue == venue.name)
        prices.push_back(VenuePrice{venue.name, move.price});
    co_return prices;
  }
};

class FixedHealth final : public Health {
 public:
  Readiness now;
  Readiness readiness() const override { return now; }
};

// An empty history, for a StreamHub that is never used.
class EmptyHistory final : public OrderHistory {
 public:
  Result<std::optional<Order>> order(const OrderId&, std::optional<Seq>) override {
    return std::optional<Order>();
  }
  Result<Events> events(const EventFilter&) override { return Events(); }
  Result<std::vector<Record>> records(const OrderId&, std::optional<Seq>) override {
    return std::vector<Record>();
  }
};

using Scrape = std::function<Task<Result<std::string>>()>;
inline Task<Result<std::string>> answer_at_once(Result<std::string> answer) {
  co_return answer;
}

// The routes over a fake service, called without a network.
class TestApi {
 public:
  explicit TestApi(bool gateway = false, bool test_endpoints = false,
                   const Access& access = Access::none(),
                   const std::vector<std::string>& allowed_origins = {}, Scrape scrape = {},
                   DialectSet served = DialectSet::all())
      : dialects(served) {
    health.now.ready = true;
    health.now.health_json = R"({"role":"engine","headSeq":7})";
    routes = make_routes({.clock = clock,
                          .orders = orders,
                          .websockets = websockets,
                          .gateway = gateway,
                          .test_endpoints = test_endpoints,
                          .access = &access,
                          .allowed_origins = allowed_origins,
                          .metrics = &metrics},
                         groups({.health = health, .scrape = std::move(scrape)}, gateway, served));
  }
  RouteGroups groups(OperationContext operation, bool gateway = false,
                     DialectSet served = DialectSet::all(), const RiskControl* risk = nullptr) {
    return make_route_groups({.clock = clock,
                              .entropy = entropy,
                              .orders = orders,
                              .tokens = TokenRegistry::defaults(),
                              .streams = streams,
                              .operation = std::move(operation),
                              .market = gateway ? nullptr : &venues,
                              .risk = risk,
                              .gateway = gateway,
                              .dialects = served});
  }
  HttpAnswer call(BeastRequest request) {
    HttpAnswer answer = run_now(routes->handle(request, "req-1", address));
    SeenAnswer seen{std::string(request.method_string()),
                    std::string(request.target()),
                    static_cast<int>(answer.status),
                    {},
                    answer.body};
    if (seen.method == "HEAD") seen.body.clear();  // the connection does not send it
    seen.headers["x-request-id"] = "req-1";
    seen.headers["content-type"] = answer.content_type;
    for (const auto& [name, value] : answer.headers) {
      std::string lower(name);
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      seen.headers[lower] = value;
    }
    if (possible) expect_contract(seen);
    return answer;
  }
  HttpAnswer get(const std::string& target) {
    return call(BeastRequest(boost::beast::http::verb::get, target, 11));
  }
  static BeastRequest place_request(const std::string& body) {
    BeastRequest request(boost::beast::http::verb::post, "/v1/orders", 11);
    request.set(boost::beast::http::field::content_type, "application/json");
    request.body() = body;
    return request;
  }
  HttpAnswer place(const std::string& body) { return call(place_request(body)); }

  Socket::Address address;  // of the client
  // false: the fake service returns an error that the real one does not return for that call.
  bool possible = true;
  Loop loop{1};
  SystemClock clock{loop};
  SystemEntropy entropy{1};
  OrdersInMemory orders;
  VenuesInMemory venues;
  FixedHealth health;
  EmptyHistory history;
  Worker read{"test read", 16};
  StreamHub hub{loop, clock, read, history, {}};
  DialectSessions dialects;
  StreamBuffers buffers{loop, clock, nullptr};
  WsSessions websockets{WsContext{.loop = loop,
                                  .clock = clock,
                                  .hub = hub,
                                  .buffers = buffers,
                                  .orders = orders,
                                  .tokens = TokenRegistry::defaults(),
                                  .factories = {&dialects}}};
  SseSessions streams{loop, clock, hub, buffers};
  HttpMetrics metrics;
  std::unique_ptr<HttpHandler> routes;
};

inline std::string header_of(const HttpAnswer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace oee::test
