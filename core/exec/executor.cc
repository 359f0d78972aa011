#include "core/exec/executor.h"

#include <algorithm>
#include <tuple>

#include "core/base/log.h"
#include "core/exec/order_log.h"
#include "core/order/fold.h"
#include "core/runtime/sleep.h"

namespace oee {
namespace {

// Venues publish their prices so soon after a start.
constexpr Micros first_prices_max{1'000'000};

}  // namespace

// --- Start, recovery and stop --------------------------------------------------------------------

Executor::Executor(ExecutorContext context, ExecutorOptions options)
    : orders_(context.orders),
      log_(context.log),
      appender_(context.appender),
      loop_(context.loop),
      clock_(context.clock),
      entropy_(context.entropy),
      read_(context.read),
      venues_(std::move(context.venues)),
      options_(options),
      metrics_(venues_),
      calls_(clock_, options_.call_max),
      quotes_(clock_, options_.quote_max),
      answers_(std::make_shared<VenueAnswers*>(static_cast<VenueAnswers*>(this))),
      routes_(context.pools, options_.routes) {
  metrics_.concurrency = options_.concurrency;
  for (std::size_t i = 0; i < venues_.size(); ++i) {
    VenueDesk& desk = desks_.emplace_back(*venues_[i], *metrics_.venues[i], options_);
    venues_[i]->report_to([this, &desk](const VenueOrderId& id, const VenueReport& report) {
      on_pushed(desk, id, report);
    });
    venues_[i]->prices_to(
        [this, &desk](std::span<const PoolPrice> changed) { on_prices(desk, changed); });
  }
}

Executor::~Executor() {
  *answers_ = nullptr;
  for (VenueDesk& desk : desks_) {
    desk.venue.report_to({});
    desk.venue.prices_to({});
  }
}

void Executor::recover(std::vector<Order> orders, Seq as_of, Halts halts) {
  halts_ = std::move(halts);
  count_halts();
  metrics_.folded.store(as_of, std::memory_order_relaxed);
  recovered_ = as_of;
  struct Resting {
    IndexPrice price;
    OrderId id;
    Pair pair;
  };
  std::vector<Resting> resting;
  for (Order& each : orders) {
    const OrderId id = each.id;
    orders_.put(std::move(each));
    const Order& order = *orders_.find(id);
    newest_time_ = std::max(newest_time_, order.updated_at);
    if (order.outcome_unknown) set_unknown(id, order.unknown_since);
    if (is_live_attempt(order.phase)) {
      recover_live(order);
      continue;
    }
    watch_expiry(order);
    if (order.phase == Phase::resting && order.waits_for_trigger()) {
      triggers_.put(order);
      orders_.pack(id);
    } else if (order.phase == Phase::resting) {
      const Resting place{index_price(order.limit_price.value_or(Decimal{})), id, pair_of(order)};
      if (rest_recovered(order)) resting.push_back(place);
    } else if (order.interruptions > 0 && order.phase != Phase::pending) {
      alone_.insert(Interrupted{order.interruptions, order.last_seq, id});
    } else {
      enqueue(Ready{.id = id});  // may pack the order
    }
  }
  // In the order of the index: each is put at its end, instead of at a random place.
  const auto place = [](const Resting& order) { return std::tie(order.price, order.id); };
  std::sort(resting.begin(), resting.end(),
            [&](const Resting& a, const Resting& b) { return place(a) < place(b); });
  for (VenueDesk& desk : desks_)
    for (const Resting& order : resting) desk.resting.put(order.id, order.pair, order.price);
  publish_metrics();
}

void Executor::start() {
  running_ = true;
  for (VenueDesk& desk : desks_) {
    arm(desk);
    if (!desk.interrupted.empty()) spawn(gate_, "ask for interrupted", ask_interrupted(desk));
    on_prices(desk, std::vector<PoolPrice>(desk.pools));  // of before recover()
  }
  unpriced_timer_ = clock_.call_at(clock_.steady_now() + first_prices_max, [this] {
    unpriced_timer_ = 0;
    ask_unpriced();
  });
  arm_expiry();
  arm_slices();
  arm_deeper();
  schedule_pump();
}

Task<void> Executor::stop() {
  running_ = false;
  for (auto& [id, actor] : actors_)
    if (actor.state == Actor::State::waiting) clock_.cancel(actor.timer);
  for (VenueDesk& desk : desks_)
    for (Clock::TimerId* timer : {&desk.timer, &desk.probe_timer})
      if (*timer != 0) clock_.cancel(std::exchange(*timer, 0));
  disarm(expiry_timer_);
  disarm(slice_timer_);
  if (unpriced_timer_ != 0) clock_.cancel(std::exchange(unpriced_timer_, 0));
  if (deeper_timer_ != 0) clock_.cancel(std::exchange(deeper_timer_, 0));
  if (!gate_.closed()) co_await gate_.close();
}

// --- Blocks --------------------------------------------------------------------------------------

void Executor::on_block(const Block& block) {
  for (const Record& record : block.records) {
    if (orders_.owns(record.order_id)) log_order_event(record);
    if (record.order_id == engine_stream) {
      halts_.take(record);
      count_halts();
      release_held();  // also after a halt: those that it covers are held again
      continue;
    }
    OpenOrders::Before before;
    const auto change = orders_.apply(record, before);
    if (change == OpenOrders::Change::advanced || change == OpenOrders::Change::ended)
      metrics_.stages.add(record, before);
    if (change == OpenOrders::Change::none) {
      // The order may be loading; the load must include this event.
      if (const auto found = loading_.find(record.order_id); found != loading_.end())
        if (record.version > found->second.version) found->second = Newest(record);
      continue;
    }
    const EventType type = type_of(record.event);
    switch (change) {
      case OpenOrders::Change::opened:
        watch_expiry(*orders_.find(record.order_id));
        enqueue(Ready{.id = record.order_id});
        break;
      case OpenOrders::Change::ended:
        ++metrics_.ended;
        if (before.expires_at) expiries_.erase({*before.expires_at, record.order_id});
        forget(record.order_id);
        break;
      case OpenOrders::Change::unknown:
        if (loading_.insert_or_assign(record.order_id, Newest(record)).second)
          spawn(gate_, "load requeued order", load_requeued(record.order_id));
        break;
      default:
        if (type == EventType::cancel_requested) cancel_now(record.order_id);
        if (type == EventType::order_amended) amended(*orders_.find(record.order_id), before);
        if (is_live_attempt(before.phase) && transition_of(type).after == Phase::pending)
          attempt_ended(record.order_id);
        break;
    }
    note_outcome(record, type);
  }
  if (!block.records.empty()) newest_time_ = std::max(newest_time_, block.records.back().time);
  metrics_.folded.store(block.end() - 1, std::memory_order_relaxed);
  publish_metrics();
  schedule_pump();
}

// An operator has resolved the attempt, or its last leg: nothing else continues the order yet.
void Executor::attempt_ended(const OrderId& id) {
  const auto found = actors_.find(id);
  if (found == actors_.end()) {
    watch_expiry(*orders_.find(id));
    enqueue(Ready{.id = id});
  } else if (found->second.state == Actor::State::live && !found->second.appending) {
    park(id);
  }
}

// The outcome of a split attempt is unknown while that of a leg is.
void Executor::note_outcome(const Record& record, EventType type) {
  const OrderId& id = record.order_id;
  if (type == EventType::outcome_unknown || type == EventType::leg_outcome_unknown) {
    set_unknown(id, record.time);
  } else if (type != EventType::cancel_requested && !unknown_.empty()) {
    const Order* order = orders_.find(id);
    if (order == nullptr || order->legs.empty() || !has_unknown_leg(*order)) set_known(id);
  }
}

bool Executor::has_unknown_leg(const Order& order) const {
  return std::any_of(order.legs.begin(), order.legs.end(), [this](const OrderLeg& leg) {
    return !leg.ended() && (leg.outcome_unknown || desk_of(leg.venue) == nullptr);
  });
}

// Folds a requeued order from its own records: a failed order is not kept in memory.
Task<void> Executor::load_requeued(OrderId id) {
  for (;;) {
    const Newest wanted = loading_.at(id);
    auto job = [this, id] { return log_.read_order(id); };
    auto records = co_await read_.run(loop_, std::move(job));
    if (!records.ok()) {
      if (records.error().code != Errc::full) {
        log::error("a requeued order cannot be read", log::field("order", id),
                   log::field("seq", wanted.seq), log::field("trace", wanted.trace),
                   log::field("version", wanted.version),
                   log::field("error", records.error().detail));
        break;
      }
      co_await sleep_for(clock_, back_off_time(0));
      if (!running_) break;
      continue;
    }
    auto order = fold_order(*records);
    check(order.ok() && order->has_value(), "a requeued order has no legal records");
    const Version newest = loading_.at(id).version;
    if ((*order)->version < newest || newest != wanted.version) continue;  // newer records came
    const bool open = (*order)->open();
    if (open) {
      watch_expiry(**order);
      orders_.put(**std::move(order));
      enqueue(Ready{.id = id});
    }
    break;
  }
  loading_.erase(id);
  publish_metrics();
  schedule_pump();
}

// --- Slots ---------------------------------------------------------------------------------------

void Executor::schedule_pump() {
  const bool none = ready_.empty() && passed_.empty() && (alone_.empty() || alone_now_);
  if (pump_scheduled_ || !running_ || none || options_.concurrency == 0) return;
  pump_scheduled_ = true;
  post(loop_, [this] { pump(); });
}

void Executor::pump() {
  pump_scheduled_ = false;
  while (running_ && executing_ < options_.concurrency) {
    const std::optional<Ready> next = take_ready();
    if (!next) break;
    if (orders_.find(next->id) == nullptr) continue;
    const auto [at, fresh] = actors_.try_emplace(next->id);
    if (!fresh) continue;
    if (next->alone) alone_now_ = next->id;
    at->second.due = next->due;
    at->second.quote_tries = next->quote_tries;
    at->second.began = clock_.steady_now();
    ++executing_;
    spawn(gate_, "execute order", run(next->id));
  }
  publish_waiting();
}

std::optional<Executor::Ready> Executor::take_ready() {
  Ready next;
  if (!alone_.empty() && !alone_now_) {
    next = Ready{.id = alone_.begin()->order, .alone = true};
    alone_.erase(alone_.begin());
  } else if (!passed_.empty() && (ready_.empty() || std::exchange(passed_first_, false))) {
    next = passed_.front();
    passed_.pop_front();
  } else if (!ready_.empty()) {
    passed_first_ = true;
    next = ready_.front();
    ready_.pop_front();
  } else {
    return std::nullopt;
  }
  return next;
}

void Executor::enqueue(Ready ready) {
  // The order was requeued before the coroutine that failed it ended: that coroutine continues it.
  if (actors_.contains(ready.id)) return;
  // Other orders take all slots first: this one waits packed.
  if (ready_.size() >= options_.concurrency) orders_.pack(ready.id);
  ready_.push_back(ready);
}

bool Executor::resumed(const Order& order) const {
  return order.last_seq <= recovered_;
}

bool Executor::halted(const Order& order) const {
  return halts_.find({order.account, order.input.symbol, order.output.symbol}) != nullptr;
}

bool Executor::leg_halted(const Order& order, LegIndex leg) const {
  const LiveLeg live = live_leg(order, leg);
  return halted(order) || halts_.find_venue(live.venue) != nullptr ||
         halts_.find_path(live.path) != nullptr;
}

void Executor::hold(Ready ready) {
  orders_.pack(ready.id);
  held_.insert_or_assign(ready.id, ready);
  publish_waiting();
}

void Executor::release_held() {
  for (const auto& [id, ready] : std::exchange(held_, {})) {
    if (!ready.alone) {
      passed_.push_back(ready);
    } else if (const Order* order = orders_.find(id)) {
      alone_.insert(Interrupted{order->interruptions, order->last_seq, id});
    }
  }
  publish_waiting();
}

// A venue at which trading resumes wakes the orders that rest.
void Executor::count_halts() {
  metrics_.halts.store(halts_.in_force().size(), std::memory_order_relaxed);
  for (VenueDesk& desk : desks_) {
    const bool halted = halts_.find_venue(VenueName(desk.venue.name())) != nullptr;
    if (std::exchange(desk.halted, halted) && !halted)
      on_prices(desk, std::vector<PoolPrice>(desk.pools));
  }
}

// The order has ended.
void Executor::forget(const OrderId& id) {
  const bool held = held_.erase(id) > 0;
  bool rested = stop_resting(id);
  rested |= triggers_.erase(id);
  const auto found = actors_.find(id);
  if (found == actors_.end()) {
    if (held || rested) return;
    // Many that end before they get a slot must not fill the queue.
    if (++ready_ended_ <= ready_.size() / 2) return;
    std::erase_if(ready_, [this](const Ready& ready) { return !orders_.contains(ready.id); });
    ready_ended_ = 0;
    return;
  }
  const Actor& actor = found->second;
  // Its coroutine notices.
  if (actor.state == Actor::State::deciding || actor.state == Actor::State::expiring ||
      actor.appending)
    return;
  drop(found);
}

void Executor::leave_slot(const OrderId& id) {
  --executing_;
  if (alone_now_ == id) alone_now_.reset();
  metrics_.executing.store(executing_, std::memory_order_relaxed);
  schedule_pump();
}

Task<void> Executor::run(OrderId id) {
  while (running_) {
    const Order* order = orders_.find(id);
    if (order == nullptr) break;
    Actor& actor = actors_.find(id)->second;
    Step what = next_step(*order, log_now(), resumed(*order));
    // After its retry timer has fired the order is due, even if the wall clock has stepped back.
    if (what == Step::wait && actor.due)
      what = order->waits_for_trigger() ? Step::trigger : Step::route;
    if (what == Step::none || what == Step::wait) break;
    if ((what == Step::route || what == Step::trigger) && halted(*order)) {
      triggers_.erase(id);  // the prices at the end of the halt count
      const Ready held{
          .id = id, .due = actor.due, .alone = alone_now_ == id, .quote_tries = actor.quote_tries};
      leave_slot(id);
      drop(actors_.find(id));
      co_return hold(held);
    }
    if (what == Step::submit || what == Step::ask) {
      actor.state = Actor::State::live;
      leave_slot(id);
      co_return co_await submit_all(id);
    }
    const Next next = co_await decide(id, what);
    if (next == Next::leave) {
      leave_slot(id);
      drop(actors_.find(id));
      co_return;
    }
    Actor& current = actors_.find(id)->second;  // the map may have changed during the step
    current.due = false;
    if (next == Next::wait) {
      leave_slot(id);
      add_times(current);
      const Order& waiting = *orders_.find(id);
      if (waiting.phase == Phase::resting) co_return rest(waiting, actors_.find(id));
      co_return wait(waiting, current, current.quote_wait);
    }
  }
  leave_slot(id);
  park(id);
}

// --- Actors and appends --------------------------------------------------------------------------

void Executor::drop(Actors::iterator actor) {
  if (actor->second.state == Actor::State::waiting) stop_waiting(actor->second);
  leave_desks(actor->second);
  actors_.erase(actor);
}

Executor::Next Executor::Appending::await_resume() {
  const AppendAnswer answer = awaiter_.await_resume();
  const Micros took = executor_.clock_.steady_now() - began_;
  executor_.metrics_.append_duration.add(took);
  if (const auto found = executor_.actors_.find(id_); found != executor_.actors_.end())
    found->second.append_wait += took;
  // A conflict is normal (a cancel came first). The winner is folded already, so decide again.
  if (answer.ok() || answer.error().code == Errc::conflict) return Next::decide;
  return Next::leave;  // the log has stopped; a restart continues from its records
}

Executor::Appending Executor::append(AppendBuilder builder) {
  return Appending(*this, std::move(builder).request());
}

Micros Executor::back_off_time(std::uint32_t tries) {
  const Micros wait =
      std::min(options_.ask_backoff_max, options_.ask_backoff_min * (1 << std::min(tries, 10U)));
  const auto jitter = entropy_.next() % static_cast<std::uint64_t>(wait.count() / 4 + 1);
  return wait + Micros{static_cast<std::int64_t>(jitter)};
}

bool Executor::past_expiry(const Order& order) const {
  return order.expires_at && log_now() >= *order.expires_at;
}

WallTime Executor::log_now() const {
  return std::max(clock_.now(), newest_time_);
}

// --- State for others ----------------------------------------------------------------------------

std::vector<OrderId> Executor::open_ids() const {
  std::vector<OrderId> ids = orders_.ids();
  for (const auto& [id, newest] : loading_) ids.push_back(id);
  return ids;
}

void Executor::set_unknown(const OrderId& id, WallTime since) {
  if (unknown_.emplace(id, since).second) unknown_since_.insert(since);
}

void Executor::set_known(const OrderId& id) {
  const auto found = unknown_.find(id);
  if (found == unknown_.end()) return;
  unknown_since_.erase(unknown_since_.find(found->second));
  unknown_.erase(found);
}

void Executor::publish_waiting() {
  metrics_.waiting.store(waiting_ + held_.size() + resting(), std::memory_order_relaxed);
}

void Executor::publish_metrics() {
  publish_waiting();
  metrics_.open.store(orders_.size(), std::memory_order_relaxed);
  metrics_.executing.store(executing_, std::memory_order_relaxed);
  metrics_.unknown.store(unknown_.size(), std::memory_order_relaxed);
  const WallTime oldest = unknown_since_.empty() ? WallTime{} : *unknown_since_.begin();
  metrics_.unknown_since_us.store(oldest.time_since_epoch().count(), std::memory_order_relaxed);
}

}  // namespace oee
