// The executor's dealings with live attempts: submit them, ask their venues for the outcomes,
// append the venues' reports. While a halt covers an attempt, its venue is asked for it and it is
// cancelled as ever; it is not submitted.
#include <algorithm>

#include "core/base/log.h"
#include "core/exec/executor.h"
#include "core/exec/venue_text.h"
#include "core/runtime/bounded_call.h"

namespace oee {
namespace {

VenueOrder venue_order_of(const Order& order) {
  VenueOrder request;
  request.id = order.venue_order_id;
  request.input = order.input;
  request.output = order.output;
  request.amount_in = order.attempt_in;
  request.min_out = order.min_out.units;
  request.valid_until_height = order.valid_until_height;
  request.exact_output = order.exact_out.has_value();
  request.path = order.path;
  return request;
}

// Of a settled attempt.
AttemptFill fill_of(const VenueReport& report) {
  AttemptFill fill;
  fill.tx_hash = report.tx_hash;
  fill.amount_in = report.amount_in;
  fill.amount_out = report.amount_out;
  fill.fee = report.fee;
  return fill;
}

void check_reports(const Result<std::vector<VenueReport>>& reports, std::size_t asked) {
  check(!reports.ok() || reports->size() == asked, "find() gives a report for each order");
}

// The report about one of the orders. An error of the call is the same for each of them.
Result<VenueReport> report_of(const Result<std::vector<VenueReport>>& reports, std::size_t index) {
  if (!reports.ok()) return reports.error();
  return (*reports)[index];
}

}  // namespace

// Takes an answer that came after the wait for it.
struct Executor::LateReport {
  void operator()(Result<VenueReport> report) const {
    if (VenueAnswers* sink = *answers) sink->on_late_report(order, attempt, std::move(report));
  }
  VenueAnswersHandle answers;
  OrderId order;
  Attempt attempt;
};
// The same for a find() about several orders. A late `not_found` is dropped: newer questions were
// asked since.
struct Executor::LateReports {
  void operator()(Result<std::vector<VenueReport>> reports) const {
    check_reports(reports, asked.size());
    for (std::size_t i = 0; reports.ok() && i < asked.size(); ++i) {
      VenueAnswers* sink = *answers;
      if (sink == nullptr || (*reports)[i].status == VenueStatus::not_found) continue;
      sink->on_late_report(asked[i].order, asked[i].attempt, std::move((*reports)[i]));
    }
  }
  VenueAnswersHandle answers;
  std::vector<Asked> asked;
};

// --- At the venue's desk -------------------------------------------------------------------------

void Executor::arrive(Actor& actor, VenueDesk& desk, const VenueOrderId& at_desk,
                      const OrderId& id) {
  leave_desk(actor);
  actor.desk = &desk;
  actor.at_desk = at_desk;
  actor.arrived = clock_.steady_now();
  desk.live.insert_or_assign(at_desk, id);
  desk.metrics.live.store(desk.live.size(), std::memory_order_relaxed);
}

void Executor::leave_desk(Actor& actor) {
  if (actor.desk == nullptr) return;
  VenueDesk& desk = *std::exchange(actor.desk, nullptr);
  actor.arrived.reset();
  desk.live.erase(actor.at_desk);
  desk.metrics.live.store(desk.live.size(), std::memory_order_relaxed);
  actor.facts.clear();
}

VenueDesk* Executor::desk_of(const VenueName& venue) {
  for (VenueDesk& desk : desks_)
    if (desk.venue.name() == venue.view()) return &desk;
  return nullptr;
}

// --- After a start -------------------------------------------------------------------------------

void Executor::recover_live(const Order& order) {
  VenueDesk* desk = desk_of(order.venue);
  if (desk == nullptr || is_left_alone(order)) {
    set_unknown(order.id, order.outcome_unknown ? order.unknown_since : order.updated_at);
    log::error(desk == nullptr
                   ? "an order's venue is not configured; its outcome stays unknown"
                   : "five starts ended when they asked for an attempt; it is asked for no more",
               log::field("order", order.id), log::field("seq", order.last_seq),
               log::field("trace", order.correlation), log::field("venue", order.venue.view()));
    return;
  }
  watch_expiry(order);
  Actor& actor = actors_[order.id];
  actor.state = Actor::State::live;
  actor.began = clock_.steady_now();
  if (counts_interruption(order, clock_.now())) {
    desk->interrupted.insert(Interrupted{order.interrupted_asks, order.last_seq, order.id});
  } else {
    arrive(actor, *desk, order.venue_order_id, order.id);
    ask_at(actor, order, actor.began);
  }
}

// Those that no start has counted yet are asked for together.
Task<void> Executor::ask_interrupted(VenueDesk& desk) {
  while (running_ && !desk.interrupted.empty()) {
    const Interrupted next = *desk.interrupted.begin();
    desk.interrupted.erase(desk.interrupted.begin());
    if (next.times == 0) {
      spawn(gate_, "ask for counted", ask_counted(desk, next.order));
    } else {
      co_await ask_alone(desk, next.order);
    }
  }
}

Task<bool> Executor::count_interruption(VenueDesk& desk, OrderId id) {
  const Order* order = orders_.find(id);
  if (order == nullptr || !is_live_attempt(order->phase) || !actors_.contains(id)) co_return false;
  AppendBuilder builder(*order);
  builder.add(OutcomeUnknown{order->attempt, "the engine ended while the attempt was live", true},
              clock_.now());
  const Next next = co_await append(std::move(builder));
  const auto actor = actors_.find(id);
  order = orders_.find(id);
  if (next == Next::leave || order == nullptr || actor == actors_.end()) co_return false;
  arrive(actor->second, desk, order->venue_order_id, id);
  co_return true;
}

Task<void> Executor::ask_counted(VenueDesk& desk, OrderId id) {
  const bool counted = co_await count_interruption(desk, id);
  if (counted) ask_now(actors_.find(id)->second, id);
}

Task<void> Executor::ask_alone(VenueDesk& desk, OrderId id) {
  const bool counted = co_await count_interruption(desk, id);
  if (!counted) co_return;
  const Order* order = orders_.find(id);
  if (past_expiry(*order)) co_return co_await cancel(id);
  const Attempt attempt = order->attempt;
  std::vector<VenueOrderRef> refs(1);
  refs.front().id = order->venue_order_id;
  refs.front().valid_until_height = order->valid_until_height;
  const SteadyTime began = clock_.steady_now();
  BoundedCall call(calls_, desk.venue.find(std::move(refs)),
                   [](const Result<std::vector<VenueReport>>&) {});
  const Result<std::vector<VenueReport>> reports = co_await call;
  check_reports(reports, 1);
  Result<VenueReport> report = report_of(reports, 0);
  desk.metrics.add(VenueMetrics::find, report, clock_.steady_now() - began);
  // A pushed report may have ended the attempt meanwhile.
  order = orders_.find(id);
  if (order == nullptr || !is_live_attempt(order->phase) || order->attempt != attempt) co_return;
  const bool missing = report.ok() && report->status == VenueStatus::not_found;
  if (missing && !attempt_halted(*order)) co_return co_await submit(id);
  std::optional<AppendBuilder> builder = take(id, Fact{attempt, std::move(report)});
  if (builder) co_await append_facts(id, *std::move(builder));
}

// --- Calls ---------------------------------------------------------------------------------------

Task<void> Executor::submit(OrderId id) {
  const Order* order = orders_.find(id);
  const auto found = actors_.find(id);
  if (order == nullptr || found == actors_.end()) co_return;
  if (past_expiry(*order) || order->cancel_requested)
    co_return ask_at(found->second, *order, clock_.steady_now());
  // A halted attempt is not sent. The venue may have it from before a restart, so it is asked; the
  // attempt is sent after the halt, or ends when its validity does.
  if (attempt_halted(*order))
    co_return ask_at(found->second, *order, clock_.steady_now() + options_.ask_every);
  VenueDesk& desk = *found->second.desk;
  const Attempt attempt = order->attempt;
  VenueOrder request = venue_order_of(*order);
  const SteadyTime began = clock_.steady_now();
  BoundedCall call(calls_, desk.venue.submit(std::move(request)),
                   LateReport{answers_, id, attempt});
  Result<VenueReport> report = co_await call;
  const SteadyTime now = clock_.steady_now();
  desk.metrics.add(VenueMetrics::submit, report, now - began);
  if (!report.ok() && is_venue_failure(report.error()))
    desk.failed(VenueMetrics::submit, began, now, report.error().detail);
  std::optional<AppendBuilder> builder = take(id, Fact{attempt, std::move(report)});
  if (builder) co_await append_facts(id, *std::move(builder));
}

Task<void> Executor::cancel(OrderId id) {
  const Order* order = orders_.find(id);
  VenueDesk& desk = *actors_.find(id)->second.desk;
  const Attempt attempt = order->attempt;
  VenueOrderRef ref{order->venue_order_id, order->valid_until_height};
  const SteadyTime began = clock_.steady_now();
  BoundedCall call(calls_, desk.venue.cancel(ref), LateReport{answers_, id, attempt});
  Result<VenueReport> report = co_await call;
  desk.metrics.add(VenueMetrics::cancel, report, clock_.steady_now() - began);
  std::optional<AppendBuilder> builder = take(id, Fact{attempt, std::move(report)});
  if (builder) co_await append_facts(id, *std::move(builder));
}

// --- Asking --------------------------------------------------------------------------------------

void Executor::ask_at(Actor& actor, const Order& order, SteadyTime at) {
  if (actor.next_ask) return;
  actor.next_ask = at;
  VenueDesk& desk = *actor.desk;
  const VenueDesk::Due due{at, order.id, order.attempt};
  if (desk.due.empty() || desk.due.back().at <= at) {
    desk.due.push_back(due);
  } else {
    desk.due.push_front(due);
  }
  arm(desk);
}

// Also when it is due later: that entry is passed over.
void Executor::ask_now(Actor& actor, const OrderId& id) {
  if (actor.desk == nullptr) return;
  actor.next_ask.reset();
  ask_at(actor, *orders_.find(id), clock_.steady_now());
}

// A decision that is under way sees the cancel when it ends.
void Executor::cancel_now(const OrderId& id) {
  const auto found = actors_.find(id);
  if (found != actors_.end() && found->second.state == Actor::State::live)
    ask_now(found->second, id);
}

void Executor::arm(VenueDesk& desk) {
  if (!running_ || desk.asking || desk.due.empty()) return;
  const SteadyTime at = std::max(desk.due.front().at, desk.ask_from);
  if (desk.timer != 0 && desk.timer_at <= at) return;
  if (desk.timer != 0) clock_.cancel(desk.timer);
  desk.timer_at = at;
  desk.timer = clock_.call_at(at, [this, &desk] {
    desk.timer = 0;
    ask_due(desk);
  });
}

// Asks for the attempts that are due, in one call. After the order's expiry and after a cancel an
// attempt must not trade any more: it is cancelled, which leaves a tombstone unless it has ended
// otherwise.
void Executor::ask_due(VenueDesk& desk) {
  const SteadyTime now = clock_.steady_now();
  std::vector<VenueOrderRef> refs;
  std::vector<Asked> asked;
  std::size_t cancels = 0;
  while (!desk.due.empty() && desk.due.front().at <= now &&
         refs.size() + cancels < Venue::find_max) {
    const VenueDesk::Due due = desk.due.front();
    desk.due.pop_front();
    const Order* order = orders_.find(due.order);
    const auto actor = actors_.find(due.order);
    if (order == nullptr || order->attempt != due.attempt || actor == actors_.end() ||
        actor->second.state != Actor::State::live || actor->second.next_ask != due.at)
      continue;
    actor->second.next_ask.reset();
    if (past_expiry(*order) || order->cancel_requested) {
      ++cancels;
      spawn(gate_, "cancel", cancel(due.order));
      continue;
    }
    refs.push_back({order->venue_order_id, order->valid_until_height});
    asked.push_back({due.order, due.attempt});
  }
  if (!refs.empty()) {
    desk.asking = true;
    spawn(gate_, "ask", ask(desk, std::move(refs), std::move(asked)));
  } else {
    arm(desk);
  }
}

Task<void> Executor::ask(VenueDesk& desk, std::vector<VenueOrderRef> refs,
                         std::vector<Asked> asked) {
  const SteadyTime began = clock_.steady_now();
  BoundedCall call(calls_, desk.venue.find(std::move(refs)), LateReports{answers_, asked});
  const Result<std::vector<VenueReport>> reports = co_await call;
  const Micros took = clock_.steady_now() - began;
  desk.asking = false;
  check_reports(reports, asked.size());
  if (reports.ok()) {
    desk.unanswered = 0;
    desk.ask_from = {};
  } else {
    desk.ask_from = clock_.steady_now() + back_off_time(desk.unanswered++);
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    Result<VenueReport> report = report_of(reports, i);
    desk.metrics.add(VenueMetrics::find, report, took);
    tell(asked[i].order, asked[i].attempt, std::move(report));
  }
  arm(desk);
}

// --- Facts ---------------------------------------------------------------------------------------

void Executor::on_pushed(VenueDesk& desk, const VenueOrderId& at_desk, const VenueReport& report) {
  const auto found = desk.live.find(at_desk);
  if (found == desk.live.end()) return;  // it has ended
  const OrderId id = found->second;
  const Order* order = orders_.find(id);
  if (order != nullptr) tell(id, order->attempt, report);
}

void Executor::on_late_report(const OrderId& id, Attempt attempt, Result<VenueReport> report) {
  if (report.ok()) tell(id, attempt, std::move(report));
}

void Executor::tell(const OrderId& id, Attempt attempt, Result<VenueReport> report) {
  std::optional<AppendBuilder> builder = take(id, Fact{attempt, std::move(report)});
  if (builder) spawn(gate_, "append reports", append_facts(id, *std::move(builder)));
}

std::optional<AppendBuilder> Executor::take(const OrderId& id, Fact fact) {
  const auto found = actors_.find(id);
  // The attempt has ended, or its intent is not durable yet.
  if (found == actors_.end() || found->second.state != Actor::State::live) return std::nullopt;
  Actor& actor = found->second;
  const Order* order = orders_.find(id);
  if (fact.report.ok() && order != nullptr && order->attempt == fact.attempt)
    count_end(actor, *fact.report);
  actor.facts.push_back(std::move(fact));
  if (actor.appending) return std::nullopt;
  std::optional<AppendBuilder> builder = next_append(id, actor);
  if (builder) actor.appending = true;  // without one the actor may be gone
  return builder;
}

// An attempt that has expired or was cancelled proves nothing of the venue.
void Executor::count_end(Actor& actor, const VenueReport& report) {
  const bool rejected = report.status == VenueStatus::rejected;
  if (!actor.arrived || (!rejected && report.status != VenueStatus::settled)) return;
  const SteadyTime arrived = *std::exchange(actor.arrived, std::nullopt);
  if (rejected && report.refusal == ErrorClass::venue_unavailable) {
    actor.desk->failed(VenueMetrics::submit, arrived, clock_.steady_now(), report.detail);
  } else {
    actor.desk->succeeded(VenueMetrics::submit, arrived);
  }
}

// A fact is removed when nothing more follows from it: after a conflict it is decided again.
std::optional<AppendBuilder> Executor::next_append(const OrderId& id, Actor& actor) {
  const Order* order = orders_.find(id);
  bool missing = false;
  while (!actor.facts.empty() && order != nullptr) {
    const Fact& fact = actor.facts.front();
    if (fact.attempt == order->attempt && is_live_attempt(order->phase)) {
      if (auto builder = append_for(*order, fact)) return builder;
      missing = fact.report.ok() && fact.report->status == VenueStatus::not_found;
    }
    actor.facts.erase(actor.facts.begin());
  }
  if (order == nullptr || !is_live_attempt(order->phase)) {
    park(id);
  } else if (missing) {
    spawn(gate_, "submit again", submit(id));
  } else {
    ask_at(actor, *order, clock_.steady_now() + options_.ask_every);
  }
  return std::nullopt;
}

Task<void> Executor::append_facts(OrderId id, AppendBuilder first) {
  std::optional<AppendBuilder> builder(std::move(first));
  while (builder) {
    const Next next = co_await append(*std::move(builder));
    const auto found = actors_.find(id);
    if (found == actors_.end()) co_return;
    found->second.appending = false;
    if (next == Next::leave) co_return;
    builder = next_append(id, found->second);
    if (builder) actors_.find(id)->second.appending = true;
  }
}

// The append that follows from a report about the order's live attempt. Empty: none.
std::optional<AppendBuilder> Executor::append_for(const Order& order, const Fact& fact) {
  const Result<VenueReport>& report = fact.report;
  const WallTime now = clock_.now();
  std::optional<AppendBuilder> builder(order);
  if (!report.ok() || report->status == VenueStatus::not_found) {
    // It is recorded once, and again when it ends the count of interruptions. A submit follows when
    // the venue does not find it: the answer to that ends the count. During a halt none follows.
    const bool ends_count = order.interrupted_asks > 0 && (!report.ok() || attempt_halted(order));
    if (order.outcome_unknown && !ends_count) return std::nullopt;
    const std::string seen =
        report.ok() ? "the venue does not find it"
                    : std::string(to_string(report.error().code)) + ": " + report.error().detail;
    builder->add(OutcomeUnknown{fact.attempt, bounded_venue_text(seen)}, now);
    return builder;
  }
  // Recorded once for each attempt: a venue whose answers alternate must not fill the log.
  // After a start that counted an interruption it is recorded again, which ends the count.
  const bool accepted = report->status == VenueStatus::accepted;
  if (((accepted || report->status == VenueStatus::settled) && !order.tx_hash) ||
      (accepted && order.interrupted_asks > 0))
    builder->add(
        TransactionSubmitted{fact.attempt, order.venue, order.tx_hash.value_or(report->tx_hash)},
        now);
  AttemptEnd end;
  end.detail = bounded_venue_text(report->detail);
  end.venue_delay = report->retry_after;
  switch (report->status) {
    case VenueStatus::accepted:
      if (builder->empty()) return std::nullopt;
      return builder;
    case VenueStatus::settled:
      builder->add(settle(builder->order(), fill_of(*report)), now);
      if (auto rest = end_of_rest(builder->order(), log_now())) builder->add(*std::move(rest), now);
      return builder;
    case VenueStatus::rejected:
      end.error = report->refusal;
      break;
    case VenueStatus::expired:
      end.error = ErrorClass::attempt_expired;
      break;
    case VenueStatus::cancelled:
      end.error = ErrorClass::attempt_cancelled;
      break;
    case VenueStatus::not_found:
      break;  // handled above
  }
  add_end(*builder, end);
  return builder;
}

void Executor::add_end(AppendBuilder& builder, const AttemptEnd& end) {
  const WallTime now = clock_.now();
  builder.add(end_attempt(builder.order(), end, options_.retry, log_now(), entropy_.next()), now);
  if (auto rest = end_of_rest(builder.order(), log_now())) builder.add(*std::move(rest), now);
}

}  // namespace oee
