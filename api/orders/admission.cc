#include "api/orders/admission.h"

#include <algorithm>

namespace oee {
namespace {

// As long as a refused connection may rest (http/refusal_throttle.h).
constexpr std::chrono::seconds retry_after_min{3};
constexpr std::int64_t measure_every_us = 100'000;
// Older measurements are stale: no new order asked for a limit meanwhile.
constexpr std::int64_t stale_after_us = 2'000'000;
// The pace is the mean of about so many measurements: of one alone, in which the machine stood
// still for a moment, hundreds of orders were sent away for a minute.
constexpr std::uint64_t paces_to_judge = 8;
// Orders in hand spend less than a hundredth of their time on the log when venues are what they
// wait for, and two thirds of it when the processor or the disk is.
constexpr std::uint64_t saturated_share = 4;  // a quarter
// Never so few that the log's batches are not filled, which would lower the pace, and with it the
// bound, for ever: 512 in a life of three commits of 50 ms are still 3,400 orders/s.
constexpr std::uint64_t open_floor = 512;
// Those who were refused get half of the engine's pace to come back at: the rest is for new ones.
constexpr std::uint64_t returning_share = 2;

std::int64_t micros_of(SteadyTime at) {
  return at.time_since_epoch().count();
}

}  // namespace

std::uint64_t Admission::open_orders() const {
  std::uint64_t open = 0;
  for (const ExecutorStats* stats : executors) open += stats->open.load(std::memory_order_relaxed);
  return open;
}

std::optional<Busy> Admission::refuses(SteadyTime now, bool backlogged) const {
  if (micros_of(now) - measured_at_us_.load(std::memory_order_relaxed) >= measure_every_us)
    measure(now);
  const std::uint64_t held = open_orders() + entering_.load(std::memory_order_relaxed);
  Busy busy;
  if (held >= open_orders_max) {
    busy.why = "There are as many open orders as there may be.";
    refused_full_.fetch_add(1, std::memory_order_relaxed);
  } else if (held >= (backlogged ? backlogged_open_max_ : saturated_open_max_)) {
    busy.why = "The engine is busy with the orders it has.";
    refused_busy_.fetch_add(1, std::memory_order_relaxed);
  } else {
    return std::nullopt;
  }
  busy.retry_after = reserve_retry_slot(now);
  return busy;
}

Admission::Totals Admission::totals() const {
  Totals sum;
  for (const ExecutorStats* stats : executors) {
    sum.ended += stats->ended.load(std::memory_order_relaxed);
    sum.executed_us += stats->executed_us.load(std::memory_order_relaxed);
    sum.append_wait_us += stats->append_wait_us.load(std::memory_order_relaxed);
    sum.concurrency += stats->concurrency.load(std::memory_order_relaxed);
  }
  return sum;
}

void Admission::measure(SteadyTime now) const {
  if (measuring_.exchange(true, std::memory_order_acquire)) return;
  const std::int64_t elapsed_us = micros_of(now) - measured_at_us_.load(std::memory_order_relaxed);
  if (elapsed_us >= measure_every_us) {
    const Totals seen = totals();
    update_limits(seen, elapsed_us);
    before_ = seen;
    measured_at_us_.store(micros_of(now), std::memory_order_relaxed);
  }
  measuring_.store(false, std::memory_order_release);
}

void Admission::update_limits(const Totals& seen, std::int64_t elapsed_us) const {
  if (elapsed_us > stale_after_us) {
    ended_per_s_ = 0;
    saturated_open_max_ = backlogged_open_max_ = unbounded;
    measured_ = 0;
    return;
  }
  // What was accepted first has hardly had the time to end: no pace yet.
  if (measured_++ == 0) return;
  const std::uint64_t pace =
      (seen.ended - before_.ended) * 1'000'000 / static_cast<std::uint64_t>(elapsed_us);
  const std::uint64_t weight = std::min(measured_ - 1, paces_to_judge);
  ended_per_s_ = (ended_per_s_ * (weight - 1) + pace) / weight;
  if (weight < paces_to_judge) return;
  const std::uint64_t executed = seen.executed_us - before_.executed_us;
  if (executed == 0) return;  // no order left its hands: as before
  if ((seen.append_wait_us - before_.append_wait_us) * saturated_share < executed) {
    saturated_open_max_ = backlogged_open_max_ = unbounded;
    return;
  }
  // As many as are under way at this pace, when each takes its venue's time and a short one of the
  // engine's own: more only wait, and what is held by the thousand falls out of the processor's
  // caches.
  const std::uint64_t append_wait = seen.append_wait_us - before_.append_wait_us;
  const std::uint64_t ended = std::max<std::uint64_t>(seen.ended - before_.ended, 1);
  const std::uint64_t each_us = (executed - std::min(append_wait, executed)) / ended +
                                static_cast<std::uint64_t>(own_time_max.count());
  const std::uint64_t floor = std::min(std::max<std::uint64_t>(seen.concurrency, 1), open_floor);
  saturated_open_max_ = std::max(floor, ended_per_s_ * each_us / 1'000'000);
  backlogged_open_max_ = std::max<std::uint64_t>(saturated_open_max_ / 2, 1);
}

// Refused clients queue up in time instead of in memory: each is reserved_until the next moment
// that none before it was, so that they return one by one at a pace that the engine can serve.
std::chrono::seconds Admission::reserve_retry_slot(SteadyTime now) const {
  const std::uint64_t pace = ended_per_s_.load(std::memory_order_relaxed);
  if (pace == 0) return retry_after_min;
  const std::int64_t now_us = micros_of(now);
  const auto turn_us = static_cast<std::int64_t>(returning_share * 1'000'000 / pace);
  const std::int64_t last_us = now_us + std::chrono::microseconds(retry_after_max).count();
  std::int64_t reserved_until = retry_slots_until_us_.load(std::memory_order_relaxed);
  std::int64_t next = 0;
  do {
    next = std::max(reserved_until, now_us) + turn_us;
    // More than a minute's worth came: those from here on begin again in the second half of it.
    if (next > last_us) next = now_us + (last_us - now_us) / 2;
  } while (!retry_slots_until_us_.compare_exchange_weak(reserved_until, next,
                                                        std::memory_order_relaxed));
  return std::max(retry_after_min, std::chrono::seconds((next - now_us + 999'999) / 1'000'000));
}

}  // namespace oee
