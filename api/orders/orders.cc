#include "api/orders/orders.h"

#include <algorithm>

#include "core/order/decide.h"
#include "core/order/fold.h"
#include "core/risk/reference_price.h"
#include "core/runtime/gate.h"
#include "core/runtime/sleep.h"
#include "core/runtime/spawn.h"

namespace oee {
namespace {

constexpr int change_tries_max = 8;
// An id that belongs to this shard saves a hop between threads. After a few tries any id is taken.
constexpr int mint_tries_max = 16;
// cancel_all() appends so many events at once: one group commit takes them together.
constexpr std::size_t cancels_at_once = 64;
// Open orders that cancel_all() unpacks in one go on their shard's loop: about 1 ms.
constexpr std::size_t orders_examined_at_once = 500;
// cancel_all() waits so long for a shard that has not folded the head yet.
constexpr Micros fold_poll{1'000};
constexpr int fold_polls_max = 1'000;

Changed state_of(const Order& order) {
  return {.order_id = order.id,
          .seq = order.last_seq,
          .version = order.version,
          .status = order.status(),
          .cancel_requested = order.cancel_requested && order.open()};
}

// A change that has been made already, so that a repetition changes nothing.
template <class Command>
bool is_made(const Order& order) {
  return std::is_same_v<Command, CancelOrder> && order.cancel_requested && order.open();
}

void count(const ChangeAnswer& answer, CancelCounts& counts) {
  ++counts.matched;
  if (answer.ok()) return void(++(answer->cancel_requested ? counts.requested : counts.cancelled));
  const Errc code = answer.error().code;
  if (code == Errc::conflict) return void(++counts.ended);
  ++counts.failed;
  if (code == Errc::closed || code == Errc::indeterminate) counts.stopped = answer.error();
}

bool matches(const CancelFilter& filter, const Order& order) {
  if (!filter.account.empty() && order.account != filter.account) return false;
  if (filter.status && order.status() != *filter.status) return false;
  return filter.token.empty() || order.input.symbol.view() == filter.token ||
         order.output.symbol.view() == filter.token;
}

// The command names a leg of a split attempt, or none of another one. decide() refuses any other.
bool names_leg(const Order& order, const ResolveOutcome& command) {
  if (order.legs.empty()) return !command.leg;
  return command.leg && *command.leg < order.legs.size();
}

// The leg of the live attempt that a command is about.
template <class Command>
LegIndex leg_of(const Command& command) {
  if constexpr (std::is_same_v<Command, ResolveOutcome>) return command.leg.value_or(0);
  return 0;
}

// The events of a command. `handled`: the executor decides about the order or asks its venue.
template <class Command>
Result<std::vector<Event>> events_of(const Order& order, const Command& command, bool handled,
                                     WallTime now) {
  if constexpr (std::is_same_v<Command, ResolveOutcome>) {
    // The venue's own word counts.
    if (handled && is_live_attempt(order.phase) && names_leg(order, command)) {
      const VenueName venue = live_leg(order, command.leg.value_or(0)).venue;
      return Error{Errc::conflict, "cannot resolve: the engine asks " + std::string(venue.view()) +
                                       " for the outcome"};
    }
    return decide(order, command, now);
  } else {
    std::vector<Event> events;
    OEE_TRY_ASSIGN(Event event, decide(order, command));
    events.push_back(std::move(event));
    return events;
  }
}

}  // namespace

Orders::Orders(Loop& loop, Clock& clock, Entropy& entropy, Reading reading,
               std::optional<OrderWriting> writing)
    : loop_(loop),
      clock_(clock),
      entropy_(entropy),
      reading_(reading),
      read_model_wait_(loop, clock, reading.queries, reading.queries_worker),
      writing_(std::move(writing)) {
  if (writing_) quotes_.emplace(clock_, writing_->executor);
}

std::optional<Error> Orders::refuses_writes() const {
  if (!writing_)
    return Error{Errc::unavailable,
                 "this is a gateway (--role gateway): send the request to the engine (--role all)"};
  if (writing_->admission.draining) return Error{Errc::closed, "the engine is stopping"};
  if (writing_->admission.recovering)
    return Error{Errc::unavailable, "the engine is recovering open orders"};
  return std::nullopt;
}

std::optional<Busy> Orders::refuses_new_orders() {
  // place() returns the reason.
  if (refuses_writes() || writing_->executor.halts().all()) return std::nullopt;
  return writing_->admission.refuses(clock_.steady_now(), backlogged_);
}

Task<AppendAnswer> Orders::place(PlaceOrder command, CorrelationId correlation) {
  if (auto refusal = refuses_writes()) co_return *std::move(refusal);
  const Admission& admission = writing_->admission;
  const Halt* halt = writing_->executor.halts().find(
      {command.account, command.input.symbol, command.output.symbol});
  if (halt != nullptr) {
    // The order may be the repetition of one that was accepted. Only the log decides that.
    // Nor does this shard know of a resumption that it has not folded yet.
    const Seq folded = writing_->executor.metrics().folded.load(std::memory_order_relaxed);
    if (command.idempotency_key.empty() && command.client_order_id.empty() &&
        folded >= writing_->appender.durable_head())
      co_return Error{Errc::halted, to_text(*halt)};
  } else if (const auto busy = admission.refuses(clock_.steady_now(), backlogged_)) {
    co_return Error{Errc::full, std::string(busy->why)};
  }
  const Admission::Entry entry(admission);
  AppendRequest request;
  const auto unix_us = static_cast<std::uint64_t>(clock_.now().time_since_epoch().count());
  for (int i = 0; i < mint_tries_max; ++i) {
    request.order_id = ids_.next(unix_us, entropy_.next());
    if (shard_of(request.order_id, writing_->shards) == writing_->shard) break;
  }
  request.correlation = correlation;
  // The log looks for the keys first, so a repetition is answered also after the quote's end.
  if (!command.quote.id.empty()) request.before = command.quote.valid_until;
  request.reference_price = reference_price(writing_->tokens, command.input, command.output);
  request.events.push_back(decide(std::move(command)));
  const AppendAnswer answer = co_await writing_->appender.append(std::move(request));
  if (!answer.ok() && answer.error().code == Errc::risk_limit) admission.count_risk_limit();
  co_return answer;
}

// The hop waits behind the blocks that were delivered to the shard before, also on this loop: its
// memory is then nearly always at the head. When it is not, the log is read.
Task<Orders::Current> Orders::find_current(OrderId id, LegIndex leg) {
  const Seq head = writing_->appender.durable_head();
  const ShardOrders& owner = writing_->open_orders[shard_of(id, writing_->shards)];
  co_await reschedule(owner.loop);
  std::optional<Order> open;
  if (owner.executor.metrics().folded.load(std::memory_order_relaxed) >= head)
    open = owner.executor.open_order(id);
  Current found;
  found.handled = owner.executor.handles(id, leg);
  if (&owner.loop != &loop_) co_await reschedule(loop_);
  if (open) {
    found.order = std::move(open);
    co_return found;
  }
  auto job = [this, id] { return reading_.history.order(id, std::nullopt); };
  found.order = co_await writing_->worker.run(loop_, std::move(job));
  co_return found;
}

// The order after the append of an OutcomeResolved at `seq`: the end of the attempt or of one leg
// follows it, after the last leg the end of the attempt, and then that of the order when it does
// not go on. A later end of the order has another cause.
Result<std::optional<Order>> Orders::resolved_at(const OrderId& id, Seq seq) {
  Seq last = seq + 1;
  auto order = reading_.history.order(id, last);
  if (order.ok() && *order && (*order)->legs_ended()) order = reading_.history.order(id, ++last);
  if (!order.ok() || !*order || !(*order)->open() || !(*order)->legs.empty()) return order;
  ++last;
  auto next = reading_.history.order(id, last);
  if (!next.ok() || !*next || (*next)->last_seq != last || (*next)->open()) return order;
  return end_of_rest(**order, (*next)->updated_at) ? next : order;
}

Task<ChangeAnswer> Orders::changed(Appended appended, EventType event, bool resolved) {
  if (!appended.replayed)
    co_return Changed{.order_id = appended.order_id,
                      .seq = appended.first_seq,
                      .version = appended.version,
                      .status = status_after(event),
                      .cancel_requested = event == EventType::cancel_requested};
  auto job = [this, appended, resolved] {
    return resolved ? resolved_at(appended.order_id, appended.first_seq)
                    : reading_.history.order(appended.order_id, appended.first_seq);
  };
  const auto then = co_await writing_->worker.run(loop_, std::move(job));
  if (!then.ok()) co_return then.error();
  check(then->has_value(), "a replayed change is of an order without events");
  Changed change = state_of(**then);
  change.seq = appended.first_seq;
  change.replayed = true;
  co_return change;
}

template <class Command>
Task<ChangeAnswer> Orders::change(OrderId id, Command command, CorrelationId correlation) {
  if (auto refusal = refuses_writes()) co_return *std::move(refusal);
  if (id == engine_stream) co_return Error{Errc::not_found, "there is no order " + to_text(id)};
  for (int tries = 0; tries < change_tries_max; ++tries) {
    auto [found, handled] = co_await find_current(id, leg_of(command));
    if (!found.ok()) co_return found.error();
    const bool made = found->has_value() && is_made<Command>(**found);
    Result<std::vector<Event>> events = Error{Errc::not_found, "there is no order " + to_text(id)};
    if (found->has_value()) events = events_of(**found, command, handled, clock_.now());
    ChangeAnswer refused = Changed{};
    if (!events.ok()) refused = events.error();
    if (made) refused = state_of(**found);
    if (!events.ok() && command.idempotency_key.empty()) co_return refused;
    AppendRequest request;
    request.order_id = id;
    // A refused command may be the repetition of one that was accepted. Only the log decides that.
    request.expected_version = events.ok() ? (*found)->version : no_version;
    request.correlation = correlation;
    if (events.ok()) {
      request.events = *std::move(events);
    } else {
      request.events.push_back(event_of(id, command));
    }
    const bool decided = request.expected_version != no_version;
    const EventType type = type_of(request.events.back());
    const AppendAnswer answer = co_await writing_->appender.append(std::move(request));
    constexpr bool resolved = std::is_same_v<Command, ResolveOutcome>;
    if (answer.ok()) co_return co_await changed(*answer, type, resolved);
    if (answer.error().code != Errc::conflict) co_return answer.error();
    if (!decided) co_return refused;
    // The event that came first is durable, so the order's current state includes it.
  }
  co_return Error{Errc::unavailable, "the order changes too fast; retry"};
}

Task<ChangeAnswer> Orders::cancel(OrderId id, CancelOrder command, CorrelationId correlation) {
  co_return co_await change(id, std::move(command), correlation);
}
Task<ChangeAnswer> Orders::requeue(OrderId id, RequeueDeadLetter command,
                                   CorrelationId correlation) {
  co_return co_await change(id, std::move(command), correlation);
}
Task<ChangeAnswer> Orders::discard(OrderId id, DiscardDeadLetter command,
                                   CorrelationId correlation) {
  co_return co_await change(id, std::move(command), correlation);
}

Task<ChangeAnswer> Orders::resolve(OrderId id, ResolveOutcome command, CorrelationId correlation) {
  co_return co_await change(id, std::move(command), correlation);
}

Task<Result<std::optional<Order>>> Orders::current(OrderId id) {
  if (auto refusal = refuses_writes()) co_return *std::move(refusal);
  co_return (co_await find_current(id)).order;
}

Task<ChangeAnswer> Orders::amend(OrderId id, AmendOrder command, CorrelationId correlation) {
  if (auto refusal = refuses_writes()) co_return *std::move(refusal);
  if (id == engine_stream) co_return Error{Errc::not_found, "there is no order " + to_text(id)};
  const Error stale{Errc::stale, "order " + to_text(id) + " is not at version " +
                                     std::to_string(command.version) + ": read it again"};
  auto found = co_await current(id);
  if (!found.ok()) co_return found.error();
  Result<Event> event = Error{Errc::not_found, "there is no order " + to_text(id)};
  if (found->has_value())
    event = (*found)->version == command.version ? decide(**found, command) : Result<Event>(stale);
  if (!event.ok() && command.idempotency_key.empty()) co_return event.error();
  AppendRequest request;
  request.order_id = id;
  request.expected_version = event.ok() ? command.version : no_version;
  request.correlation = correlation;
  if (event.ok())
    request.reference_price = reference_price(writing_->tokens, (*found)->input, (*found)->output);
  request.events.push_back(event.ok() ? *event : event_of(id, command));
  const AppendAnswer answer = co_await writing_->appender.append(std::move(request));
  if (answer.ok()) co_return co_await changed(*answer, EventType::order_amended, false);
  if (answer.error().code != Errc::conflict) co_return answer.error();
  co_return event.ok() ? stale : event.error();
}

Task<std::vector<OrderId>> Orders::open_orders(const ShardOrders& owner,
                                               const CancelFilter& filter) {
  std::vector<OrderId> matching;
  co_await reschedule(owner.loop);
  const std::vector<OrderId> ids = owner.executor.open_ids();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % orders_examined_at_once == orders_examined_at_once - 1) co_await reschedule(owner.loop);
    const std::optional<Order> order = owner.executor.open_order(ids[i]);
    if (order && matches(filter, *order)) matching.push_back(ids[i]);
  }
  co_await reschedule(loop_);
  co_return matching;
}

Task<Result<CancelCounts>> Orders::cancel_all(CancelFilter filter, CancelOrder command,
                                              CorrelationId correlation) {
  if (auto refusal = refuses_writes()) co_return *std::move(refusal);
  const Seq head = writing_->appender.durable_head();
  std::vector<OrderId> matching;
  for (const ShardOrders& owner : writing_->open_orders) {
    for (int polls = 0; owner.executor.metrics().folded.load() < head; ++polls) {
      if (polls == fold_polls_max)
        co_return Error{Errc::unavailable, "a shard is behind the log; retry"};
      co_await sleep_for(clock_, fold_poll);
    }
    const std::vector<OrderId> of_shard = co_await open_orders(owner, filter);
    matching.insert(matching.end(), of_shard.begin(), of_shard.end());
  }
  CancelCounts counts;
  for (std::size_t begin = 0; begin < matching.size() && !counts.stopped;) {
    Gate gate;
    std::vector<Started<ChangeAnswer>> pending;
    const std::size_t end = std::min(matching.size(), begin + cancels_at_once);
    for (; begin < end; ++begin)
      pending.push_back(oee::start(gate, cancel(matching[begin], command, correlation)));
    for (auto& each : pending) count(co_await each, counts);
    co_await gate.close();
  }
  co_return counts;
}

Task<AppendAnswer> Orders::halt(HaltTrading command, CorrelationId correlation) {
  co_return co_await change_trading(event_of(std::move(command)), correlation);
}
Task<AppendAnswer> Orders::resume(ResumeTrading command, CorrelationId correlation) {
  co_return co_await change_trading(event_of(std::move(command)), correlation);
}

// As change(), for the engine's own stream, which every shard folds.
Task<AppendAnswer> Orders::change_trading(Event event, CorrelationId correlation) {
  if (auto refusal = refuses_writes()) co_return *std::move(refusal);
  for (int tries = 0; tries < change_tries_max; ++tries) {
    const Halts& halts = writing_->executor.halts();
    const Result<void> legal = check_trading(halts, event);
    if (!legal.ok() && keys_of(event).idempotency_key.empty()) co_return legal.error();
    AppendRequest request;
    request.order_id = engine_stream;
    request.expected_version = legal.ok() ? halts.version() : no_version;
    request.correlation = correlation;
    request.events.push_back(event);
    AppendAnswer answer = co_await writing_->appender.append(std::move(request));
    if (answer.ok() || answer.error().code != Errc::conflict) co_return answer;
    if (!legal.ok()) co_return legal.error();
  }
  co_return Error{Errc::unavailable, "the halts change too fast; retry"};
}

Result<Halts> Orders::halts() const {
  if (auto refusal = refuses_writes()) return *std::move(refusal);
  return writing_->executor.halts();
}

std::optional<Seq> Orders::head() const {
  if (!writing_) return std::nullopt;
  return writing_->appender.durable_head();
}

Task<Result<Seq>> Orders::read_position(ReadSource source) {
  if (writing_ && source == ReadSource::history) co_return writing_->appender.durable_head();
  auto job = [this] { return reading_.queries.cursor(); };
  const auto cursor = co_await reading_.queries_worker.run(loop_, std::move(job));
  if (!cursor.ok()) co_return cursor.error();
  co_return cursor->last_seq;
}

// A gateway reads a projection, which may be behind the log.
template <class T>
Task<Result<std::optional<T>>> Orders::read_order(std::optional<Seq> at,
                                                  std::function<Result<std::optional<T>>()> read) {
  if (!writing_ && at) {
    auto reached = co_await read_model_wait_.reach(*at);
    // The log may not have `at` yet: the state at its head is then the answer.
    const Seq head = reading_.announced != nullptr ? reading_.announced->get().last_seq : *at;
    if (!reached.ok() && head < *at) reached = co_await wait_for_read_model(head);
    if (!reached.ok()) co_return reached.error();
  }
  auto found = co_await reading_.history_worker.run(loop_, read);
  if (!found.ok() || found->has_value() || at || reading_.announced == nullptr) co_return found;
  // The order may have been accepted a moment ago.
  const Seq head = reading_.announced->get().last_seq;
  const auto reached = co_await wait_for_read_model(head);
  if (!reached.ok()) co_return reached.error();
  co_return co_await reading_.history_worker.run(loop_, read);
}

Task<Result<std::optional<Order>>> Orders::order(OrderId id, std::optional<Seq> at) {
  std::function<Result<std::optional<Order>>()> read = [this, id, at] {
    return reading_.history.order(id, at);
  };
  return read_order(at, std::move(read));
}

Task<Result<std::optional<OrderAndLegs>>> Orders::order_and_legs(OrderId id,
                                                                 std::optional<Seq> at) {
  std::function<Result<std::optional<OrderAndLegs>>()> read =
      [this, id, at]() -> Result<std::optional<OrderAndLegs>> {
    OEE_TRY_ASSIGN(const std::vector<Record> records, reading_.history.records(id, at));
    OEE_TRY_ASSIGN(std::optional<Order> order, fold_order(records));
    if (!order) return std::optional<OrderAndLegs>();
    return std::optional(OrderAndLegs{*std::move(order), legs_of(records)});
  };
  return read_order(at, std::move(read));
}

Task<Result<OrderHistory::Events>> Orders::events(EventFilter filter) {
  auto job = [this, filter] { return reading_.history.events(filter); };
  co_return co_await reading_.history_worker.run(loop_, std::move(job));
}

Task<Result<void>> Orders::wait_for_read_model(Seq after_seq) {
  if (after_seq == 0) co_return Result<void>();
  co_return co_await read_model_wait_.reach(after_seq);
}

Task<Result<Page<Order>>> Orders::orders(OrderFilter filter, Seq after_seq) {
  const auto waited = co_await wait_for_read_model(after_seq);
  if (!waited.ok()) co_return waited.error();
  auto job = [this, filter] { return reading_.queries.orders(filter); };
  co_return co_await reading_.queries_worker.run(loop_, std::move(job));
}

Task<Result<Page<Order>>> Orders::dead_letters(std::uint32_t limit, std::string cursor,
                                               std::string account, Seq after_seq) {
  const auto waited = co_await wait_for_read_model(after_seq);
  if (!waited.ok()) co_return waited.error();
  auto job = [this, limit, cursor, account] {
    return reading_.queries.dead_letters(limit, cursor, account);
  };
  co_return co_await reading_.queries_worker.run(loop_, std::move(job));
}

Task<Result<DeadLetterCounts>> Orders::dead_letter_counts(std::string account, Seq after_seq) {
  const auto waited = co_await wait_for_read_model(after_seq);
  if (!waited.ok()) co_return waited.error();
  auto job = [this, account] { return reading_.queries.dead_letter_counts(account); };
  co_return co_await reading_.queries_worker.run(loop_, std::move(job));
}

Task<Result<QuoteAnswer>> Orders::quote(Token input, Token output, SwapAmount amount,
                                        std::uint32_t slippage_bps) {
  if (auto refusal = refuses_writes()) co_return *std::move(refusal);
  Result<QuoteAnswer> answer = co_await quotes_->ask(input, output, amount);
  if (answer.ok() && answer->chosen) {
    if (amount.of_output) {
      const Decimal in = *answer->quotes[*answer->chosen].amount_in;
      if (slippage_bps < 10'000)
        answer->max_in = Decimal{max_in_of(in.units, slippage_bps), in.scale};
    } else {
      answer->min_out = answer->amount_out();
      answer->min_out.units = min_out_of(answer->min_out.units, slippage_bps);
    }
  }
  if (answer.ok()) answer->as_of = writing_->executor.log_now();
  co_return answer;
}

Task<void> Orders::stop() {
  co_await read_model_wait_.stop();
  if (quotes_) co_await quotes_->stop();
}

}  // namespace oee
