// The executor's dealings with the legs of live attempts: submit them, ask their venues for the
// outcomes, take the venues' reports. While a halt covers a leg, its venue is asked for it and it
// is cancelled as ever; it is not submitted.
#include <algorithm>
#include <array>
#include <utility>

#include "core/base/log.h"
#include "core/exec/executor.h"
#include "core/runtime/bounded_call.h"

namespace oee {
namespace {

VenueOrder venue_order_of(const Order& order, LegIndex leg) {
  const LiveLeg live = live_leg(order, leg);
  VenueOrder request;
  request.id = live.venue_order_id;
  request.input = order.input;
  request.output = order.output;
  request.amount_in = live.amount_in;
  request.min_out = live.min_out;
  request.valid_until_height = live.valid_until_height;
  request.exact_output = order.exact_out.has_value();
  request.path = live.path;
  return request;
}

VenueOrderRef ref_of(const Order& order, LegIndex leg) {
  const LiveLeg live = live_leg(order, leg);
  return {live.venue_order_id, live.valid_until_height};
}

// Null: no such venue is configured.
auto* find_desk(auto& desks, const VenueName& venue) {
  const auto desk = std::find_if(desks.begin(), desks.end(), [&](const VenueDesk& each) {
    return each.venue.name() == venue.view();
  });
  return desk == desks.end() ? nullptr : &*desk;
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
    if (VenueAnswers* sink = *answers) sink->on_late_report(order, attempt, leg, std::move(report));
  }
  VenueAnswersHandle answers;
  OrderId order;
  Attempt attempt;
  LegIndex leg;
};
// The same for a find() about several legs. A late `not_found` is dropped: newer questions were
// asked since.
struct Executor::LateReports {
  void operator()(Result<std::vector<VenueReport>> reports) const {
    check_reports(reports, asked.size());
    for (std::size_t i = 0; reports.ok() && i < asked.size(); ++i) {
      VenueAnswers* sink = *answers;
      if (sink == nullptr || (*reports)[i].status == VenueStatus::not_found) continue;
      sink->on_late_report(asked[i].order, asked[i].attempt, asked[i].leg,
                           std::move((*reports)[i]));
    }
  }
  VenueAnswersHandle answers;
  std::vector<Asked> asked;
};

// --- At the venue's desk -------------------------------------------------------------------------

void Executor::arrive(Actor& actor, const Order& order) {
  leave_desks(actor);
  const std::size_t legs = live_legs(order);
  actor.legs.resize(legs);
  for (std::size_t i = 0; i < legs; ++i) {
    const LiveLeg live = live_leg(order, static_cast<LegIndex>(i));
    VenueDesk* const desk = live.ended ? nullptr : desk_of(live.venue);
    if (desk == nullptr) continue;
    actor.legs[i].desk = desk;
    actor.legs[i].id = live.venue_order_id;
    actor.legs[i].arrived = clock_.steady_now();
    desk->live.insert_or_assign(live.venue_order_id, order.id);
    desk->metrics.live.store(desk->live.size(), std::memory_order_relaxed);
  }
}

void Executor::leave_desk(AtVenue& leg) {
  if (leg.desk == nullptr) return;
  VenueDesk& desk = *std::exchange(leg.desk, nullptr);
  desk.live.erase(leg.id);
  desk.metrics.live.store(desk.live.size(), std::memory_order_relaxed);
}

void Executor::leave_desks(Actor& actor) {
  if (actor.legs.empty()) return;
  for (AtVenue& leg : actor.legs) leave_desk(leg);
  actor.legs.clear();
  actor.facts.clear();
}

const VenueDesk* Executor::desk_of(const VenueName& venue) const {
  return find_desk(desks_, venue);
}

VenueDesk* Executor::desk_of(const VenueName& venue) {
  return find_desk(desks_, venue);
}

bool Executor::handles(const OrderId& id, LegIndex leg) const {
  if (!actors_.contains(id)) return false;
  const std::optional<Order> order = orders_.copy_of(id);
  if (!order || leg >= order->legs.size()) return true;
  return desk_of(order->legs[leg].venue) != nullptr;
}

// --- After a start -------------------------------------------------------------------------------

void Executor::recover_live(const Order& order) {
  VenueDesk* first = nullptr;  // of the open legs
  const VenueName* unknown_venue = nullptr;
  for (std::size_t i = 0; i < live_legs(order); ++i) {
    const LiveLeg live = live_leg(order, static_cast<LegIndex>(i));
    VenueDesk* const desk = live.ended ? nullptr : desk_of(live.venue);
    if (first == nullptr) first = desk;
    if (!live.ended && desk == nullptr) unknown_venue = &live.venue;
  }
  const bool left_alone = is_left_alone(order);
  if (unknown_venue != nullptr || left_alone) {
    set_unknown(order.id, order.outcome_unknown ? order.unknown_since : order.updated_at);
    log::error(
        unknown_venue != nullptr
            ? "an order's venue is not configured; its outcome stays unknown"
            : "five starts ended when they asked for an attempt; it is asked for no more",
        log::field("order", order.id), log::field("seq", order.last_seq),
        log::field("trace", order.correlation),
        log::field("venue", (unknown_venue != nullptr ? *unknown_venue : order.venue).view()));
  }
  if (first == nullptr || left_alone) return;
  watch_expiry(order);
  Actor& actor = actors_[order.id];
  actor.state = Actor::State::live;
  actor.began = clock_.steady_now();
  if (counts_interruption(order, clock_.now())) {
    first->interrupted.insert(Interrupted{order.interrupted_asks, order.last_seq, order.id});
  } else {
    arrive(actor, order);
    ask_now(actor, order.id);
  }
}

// Those that no start has counted yet are asked for together.
Task<void> Executor::ask_interrupted(VenueDesk& desk) {
  while (running_ && !desk.interrupted.empty()) {
    const Interrupted next = *desk.interrupted.begin();
    desk.interrupted.erase(desk.interrupted.begin());
    if (next.times == 0) {
      spawn(gate_, "ask for counted", ask_counted(next.order));
    } else {
      co_await ask_alone(next.order);
    }
  }
}

Task<bool> Executor::count_interruption(OrderId id) {
  const Order* order = orders_.find(id);
  if (order == nullptr || !is_live_attempt(order->phase) || !actors_.contains(id)) co_return false;
  AppendBuilder builder(*order);
  const WallTime now = clock_.now();
  builder.add(OutcomeUnknown{order->attempt, "the engine ended while the attempt was live", true},
              now);
  // No venue answers for it, so that the count of the other legs may end.
  for (std::size_t i = 0; i < order->legs.size(); ++i)
    if (!order->legs[i].ended() && desk_of(order->legs[i].venue) == nullptr)
      builder.add(LegOutcomeUnknown{order->attempt, static_cast<LegIndex>(i),
                                    "its venue is not configured"},
                  now);
  const Next next = co_await append(std::move(builder));
  const auto actor = actors_.find(id);
  order = orders_.find(id);
  if (next == Next::leave || order == nullptr || actor == actors_.end()) co_return false;
  arrive(actor->second, *order);
  co_return true;
}

Task<void> Executor::ask_counted(OrderId id) {
  const bool counted = co_await count_interruption(id);
  if (counted) ask_now(actors_.find(id)->second, id);
}

Task<void> Executor::ask_alone(OrderId id) {
  const bool counted = co_await count_interruption(id);
  if (!counted) co_return;
  const Order* order = orders_.find(id);
  const Attempt attempt = order->attempt;
  for (std::size_t i = 0, legs = live_legs(*order); i < legs; ++i)
    co_await ask_alone(id, attempt, static_cast<LegIndex>(i));
}

Task<void> Executor::ask_alone(OrderId id, Attempt attempt, LegIndex leg) {
  const Order* order = orders_.find(id);
  const auto found = actors_.find(id);
  if (order == nullptr || found == actors_.end() || !is_open_leg(*order, attempt, leg) ||
      leg >= found->second.legs.size() || found->second.legs[leg].desk == nullptr)
    co_return;
  if (past_expiry(*order)) co_return co_await cancel(id, leg);
  VenueDesk& desk = *found->second.legs[leg].desk;
  std::vector<VenueOrderRef> refs{ref_of(*order, leg)};
  const SteadyTime began = clock_.steady_now();
  BoundedCall call(calls_, desk.venue.find(std::move(refs)),
                   [](const Result<std::vector<VenueReport>>&) {});
  const Result<std::vector<VenueReport>> reports = co_await call;
  check_reports(reports, 1);
  Result<VenueReport> report = report_of(reports, 0);
  desk.metrics.add(VenueMetrics::find, report, clock_.steady_now() - began);
  // A pushed report may have ended the leg meanwhile.
  order = orders_.find(id);
  if (order == nullptr || !is_open_leg(*order, attempt, leg)) co_return;
  const bool missing = report.ok() && report->status == VenueStatus::not_found;
  if (missing && !leg_halted(*order, leg)) co_return co_await submit(id, leg);
  std::optional<AppendBuilder> builder = take(id, Fact{attempt, leg, std::move(report)});
  if (builder) co_await append_facts(id, *std::move(builder));
}

// --- Calls ---------------------------------------------------------------------------------------

Task<void> Executor::submit_all(OrderId id) {
  const std::size_t legs = live_legs(*orders_.find(id));
  for (std::size_t i = 1; i < legs; ++i)
    spawn(gate_, "submit leg", submit(id, static_cast<LegIndex>(i)));
  co_await submit(id, 0);
}

Task<void> Executor::submit(OrderId id, LegIndex leg) {
  const Order* order = orders_.find(id);
  const auto found = actors_.find(id);
  if (order == nullptr || found == actors_.end() || !is_open_leg(*order, order->attempt, leg) ||
      leg >= found->second.legs.size() || found->second.legs[leg].desk == nullptr)
    co_return;
  if (past_expiry(*order) || order->cancel_requested)
    co_return ask_at(found->second, *order, leg, clock_.steady_now());
  // A halted leg is not sent. The venue may have it from before a restart, so it is asked; the leg
  // is sent after the halt, or ends when its validity does.
  if (leg_halted(*order, leg))
    co_return ask_at(found->second, *order, leg, clock_.steady_now() + options_.ask_every);
  VenueDesk& desk = *found->second.legs[leg].desk;
  const Attempt attempt = order->attempt;
  VenueOrder request = venue_order_of(*order, leg);
  const SteadyTime began = clock_.steady_now();
  BoundedCall call(calls_, desk.venue.submit(std::move(request)),
                   LateReport{answers_, id, attempt, leg});
  Result<VenueReport> report = co_await call;
  const SteadyTime now = clock_.steady_now();
  desk.metrics.add(VenueMetrics::submit, report, now - began);
  if (!report.ok() && is_venue_failure(report.error()))
    desk.failed(VenueMetrics::submit, began, now, report.error().detail);
  std::optional<AppendBuilder> builder = take(id, Fact{attempt, leg, std::move(report)});
  if (builder) co_await append_facts(id, *std::move(builder));
}

Task<void> Executor::cancel(OrderId id, LegIndex leg) {
  const Order* order = orders_.find(id);
  VenueDesk& desk = *actors_.find(id)->second.legs[leg].desk;
  const Attempt attempt = order->attempt;
  const VenueOrderRef ref = ref_of(*order, leg);
  const SteadyTime began = clock_.steady_now();
  BoundedCall call(calls_, desk.venue.cancel(ref), LateReport{answers_, id, attempt, leg});
  Result<VenueReport> report = co_await call;
  desk.metrics.add(VenueMetrics::cancel, report, clock_.steady_now() - began);
  std::optional<AppendBuilder> builder = take(id, Fact{attempt, leg, std::move(report)});
  if (builder) co_await append_facts(id, *std::move(builder));
}

// --- Asking --------------------------------------------------------------------------------------

void Executor::ask_at(Actor& actor, const Order& order, LegIndex leg, SteadyTime at) {
  if (leg >= actor.legs.size()) return;
  AtVenue& at_venue = actor.legs[leg];
  if (at_venue.desk == nullptr || at_venue.next_ask) return;
  at_venue.next_ask = at;
  VenueDesk& desk = *at_venue.desk;
  const VenueDesk::Due due{at, order.id, order.attempt, leg};
  if (desk.due.empty() || desk.due.back().at <= at) {
    desk.due.push_back(due);
  } else {
    desk.due.push_front(due);
  }
  arm(desk);
}

// Also when it is due later: that entry is passed over.
void Executor::ask_now(Actor& actor, const OrderId& id) {
  for (std::size_t i = 0; i < actor.legs.size(); ++i) {
    actor.legs[i].next_ask.reset();
    ask_at(actor, *orders_.find(id), static_cast<LegIndex>(i), clock_.steady_now());
  }
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

// Asks for the legs that are due, in one call. After the order's expiry and after a cancel a leg
// must not trade any more: it is cancelled, which leaves a tombstone unless it has ended otherwise.
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
    if (order == nullptr || actor == actors_.end() || actor->second.state != Actor::State::live ||
        !is_open_leg(*order, due.attempt, due.leg) || due.leg >= actor->second.legs.size() ||
        actor->second.legs[due.leg].next_ask != due.at)
      continue;
    actor->second.legs[due.leg].next_ask.reset();
    if (past_expiry(*order) || order->cancel_requested) {
      ++cancels;
      spawn(gate_, "cancel", cancel(due.order, due.leg));
      continue;
    }
    refs.push_back(ref_of(*order, due.leg));
    asked.push_back({due.order, due.attempt, due.leg});
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
    tell(asked[i].order, asked[i].attempt, asked[i].leg, std::move(report));
  }
  arm(desk);
}

// --- Facts ---------------------------------------------------------------------------------------

bool Executor::is_open_leg(const Order& order, Attempt attempt, LegIndex leg) {
  return order.attempt == attempt && is_live_attempt(order.phase) && leg < live_legs(order) &&
         !live_leg(order, leg).ended;
}

void Executor::on_pushed(VenueDesk& desk, const VenueOrderId& at_desk, const VenueReport& report) {
  const auto found = desk.live.find(at_desk);
  if (found == desk.live.end()) return;  // it has ended
  const OrderId id = found->second;
  const Order* order = orders_.find(id);
  const auto actor = actors_.find(id);
  if (order == nullptr || actor == actors_.end()) return;
  const auto& legs = actor->second.legs;
  const auto leg = std::find_if(legs.begin(), legs.end(),
                                [&](const AtVenue& each) { return each.id == at_desk; });
  if (leg == legs.end()) return;
  tell(id, order->attempt, static_cast<LegIndex>(leg - legs.begin()), report);
}

void Executor::on_late_report(const OrderId& id, Attempt attempt, LegIndex leg,
                              Result<VenueReport> report) {
  if (report.ok()) tell(id, attempt, leg, std::move(report));
}

void Executor::tell(const OrderId& id, Attempt attempt, LegIndex leg, Result<VenueReport> report) {
  std::optional<AppendBuilder> builder = take(id, Fact{attempt, leg, std::move(report)});
  if (builder) spawn(gate_, "append reports", append_facts(id, *std::move(builder)));
}

std::optional<AppendBuilder> Executor::take(const OrderId& id, Fact fact) {
  const auto found = actors_.find(id);
  // The attempt has ended, or its intent is not durable yet.
  if (found == actors_.end() || found->second.state != Actor::State::live) return std::nullopt;
  Actor& actor = found->second;
  const Order* order = orders_.find(id);
  if (fact.report.ok() && order != nullptr && order->attempt == fact.attempt &&
      fact.leg < actor.legs.size()) {
    AtVenue& leg = actor.legs[fact.leg];
    count_end(leg, *fact.report);
    leg.venue_delay = std::max(leg.venue_delay, fact.report->retry_after);
  }
  actor.facts.push_back(std::move(fact));
  if (actor.appending) return std::nullopt;
  std::optional<AppendBuilder> builder = next_append(id, actor);
  if (builder) actor.appending = true;  // without one the actor may be gone
  return builder;
}

// A leg that has expired or was cancelled proves nothing of the venue.
void Executor::count_end(AtVenue& leg, const VenueReport& report) {
  const bool rejected = report.status == VenueStatus::rejected;
  if (!leg.arrived || (!rejected && report.status != VenueStatus::settled)) return;
  const SteadyTime arrived = *std::exchange(leg.arrived, std::nullopt);
  if (leg.desk == nullptr) return;
  if (rejected && report.refusal == ErrorClass::venue_unavailable) {
    leg.desk->failed(VenueMetrics::submit, arrived, clock_.steady_now(), report.detail);
  } else {
    leg.desk->succeeded(VenueMetrics::submit, arrived);
  }
}

// A fact is removed when nothing more is appended for it: after a conflict it is decided again. Its
// leg is then asked for or submitted again, once all facts are recorded.
std::optional<AppendBuilder> Executor::next_append(const OrderId& id, Actor& actor) {
  const Order* order = orders_.find(id);
  while (!actor.facts.empty() && order != nullptr) {
    const Fact& fact = actor.facts.front();
    if (is_open_leg(*order, fact.attempt, fact.leg)) {
      if (auto builder = append_for(*order, fact)) return builder;
      const bool missing = fact.report.ok() && fact.report->status == VenueStatus::not_found;
      actor.legs[fact.leg].next = missing ? AtVenue::Next::submit : AtVenue::Next::ask;
    }
    actor.facts.erase(actor.facts.begin());
  }
  if (order == nullptr || !is_live_attempt(order->phase)) {
    park(id);
    return std::nullopt;
  }
  std::array<bool, legs_max> missing{};
  for (std::size_t i = 0; i < actor.legs.size(); ++i) {
    const auto leg = static_cast<LegIndex>(i);
    const auto next = std::exchange(actor.legs[i].next, AtVenue::Next::none);
    if (!is_open_leg(*order, order->attempt, leg)) {
      leave_desk(actor.legs[i]);
    } else if (next == AtVenue::Next::ask) {
      ask_at(actor, *order, leg, clock_.steady_now() + options_.ask_every);
    }
    missing[i] = next == AtVenue::Next::submit;
  }
  // A submit may end the actor.
  for (std::size_t i = 0; i < legs_max; ++i)
    if (missing[i]) spawn(gate_, "submit again", submit(id, static_cast<LegIndex>(i)));
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

}  // namespace oee
