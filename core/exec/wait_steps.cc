// The orders that wait for a time: until their next attempt, and until their expiry; and those
// whose terms are amended meanwhile.
#include <algorithm>

#include "core/exec/executor.h"

namespace oee {
namespace {

constexpr Micros log_timer_max{10'000'000};
// Orders whose expiry is being appended at once.
constexpr std::uint32_t expiring_max = 256;

}  // namespace

// --- Waits ---------------------------------------------------------------------------------------

void Executor::park(const OrderId& id) {
  const auto found = actors_.find(id);
  if (found == actors_.end()) return;
  Actor& actor = found->second;
  add_times(actor);
  const Order* order = orders_.find(id);
  if (order != nullptr && running_ && next_step(*order, log_now(), false) == Step::wait) {
    leave_desks(actor);
    if (order->phase == Phase::resting) return rest(*order, found);
    // It is never longer than decided, even if the wall clock steps back.
    return wait(*order, actor,
                std::min(order->retry_at - log_now(), order->retry_at - order->updated_at));
  }
  const bool again = order != nullptr && running_;
  drop(found);
  if (!again) return;
  enqueue(Ready{.id = id});
  schedule_pump();
}

void Executor::add_times(Actor& actor) {
  metrics_.executed_us += static_cast<std::uint64_t>((clock_.steady_now() - actor.began).count());
  metrics_.append_wait_us += static_cast<std::uint64_t>(actor.append_wait.count());
  actor.append_wait = Micros{0};
}

void Executor::wait(const Order& order, Actor& actor, Micros time) {
  if (!running_) return drop(actors_.find(order.id));
  watch_expiry(order);
  actor.state = Actor::State::waiting;
  ++waiting_;
  publish_waiting();
  const OrderId id = order.id;
  actor.timer = clock_.call_at(clock_.steady_now() + std::max(time, Micros{0}), [this, id] {
    const auto found = actors_.find(id);
    const QuoteTries tries = found->second.quote_tries;
    drop(found);
    enqueue(Ready{.id = id, .due = true, .quote_tries = tries});
    schedule_pump();
  });
  orders_.pack(id);
}

// --- Amendments ----------------------------------------------------------------------------------

// A waiting order is decided anew. The decision that is under way sees the new version.
void Executor::amended(const Order& order, const OpenOrders::Before& before) {
  if (before.expires_at) expiries_.erase({*before.expires_at, order.id});
  watch_expiry(order);
  const bool rested = stop_resting(order.id);
  const auto found = actors_.find(order.id);
  if (found != actors_.end()) {
    if (found->second.state != Actor::State::waiting) return;
    drop(found);
  } else if (!rested) {
    return;  // it waits for a slot
  }
  enqueue(Ready{.id = order.id});
}

// --- Expiry --------------------------------------------------------------------------------------

void Executor::watch_expiry(const Order& order) {
  if (!order.expires_at) return;
  expiries_.emplace(*order.expires_at, order.id);
  arm_expiry();
}

void Executor::arm_expiry() {
  if (!running_ || expiries_.empty() || expiring_ >= expiring_max) return;
  arm(expiry_timer_, expiries_.begin()->first, &Executor::expire_due);
}

// The steady clock measures the wait. A step of the wall clock is noticed within log_timer_max.
void Executor::arm(LogTimer& timer, WallTime first, void (Executor::*due)()) {
  const Micros wait = std::clamp(first - log_now(), Micros{0}, log_timer_max);
  const SteadyTime at = clock_.steady_now() + wait;
  if (timer.id != 0 && timer.at <= at) return;
  disarm(timer);
  timer.at = at;
  timer.id = clock_.call_at(at, [this, &timer, due] {
    timer.id = 0;
    (this->*due)();
  });
}

void Executor::disarm(LogTimer& timer) {
  if (timer.id != 0) clock_.cancel(std::exchange(timer.id, 0));
}

// An order whose decision is under way expires with that decision.
void Executor::expire_due() {
  const WallTime now = log_now();
  while (expiring_ < expiring_max && !expiries_.empty()) {
    const auto [at, id] = *expiries_.begin();
    if (at > now) break;
    expiries_.erase(expiries_.begin());
    const auto [found, fresh] = actors_.try_emplace(id);
    Actor& actor = found->second;
    if (!fresh && actor.state == Actor::State::live) {
      ask_now(actor, id);
    } else if (fresh || actor.state == Actor::State::waiting) {
      if (!fresh) stop_waiting(actor);
      stop_resting(id);
      actor.state = Actor::State::expiring;
      actor.began = clock_.steady_now();
      ++expiring_;
      spawn(gate_, "expire", expire(id));
    }
  }
  arm_expiry();
}

Task<void> Executor::expire(OrderId id) {
  const Order* order = orders_.find(id);
  Next next = Next::decide;
  if (order != nullptr && next_step(*order, log_now(), false) == Step::expire)
    next = co_await decide(id, Step::expire);
  --expiring_;
  if (next == Next::leave) co_return drop(actors_.find(id));
  park(id);
  arm_expiry();
}

void Executor::stop_waiting(Actor& actor) {
  clock_.cancel(actor.timer);
  --waiting_;
  publish_waiting();
}

}  // namespace oee
