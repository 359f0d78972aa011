#include "api/orders/admission.h"

#include <algorithm>

namespace oee {
namespace {

// The longest wait of a refused connection (RefusalThrottle::wait_max).
constexpr std::chrono::seconds retry_after_min{3};
constexpr std::int64_t measure_every_us = 100'000;
// An older measurement is stale: no new order came in the meantime.
constexpr std::int64_t stale_after_us = 2'000'000;
// The throughput is the mean of about so many measurements. With a single one, a short halt of the
// machine made the engine refuse hundreds of orders for a minute.
constexpr std::uint64_t measurements_averaged = 8;
// The engine counts as the bottleneck when orders in hand spend more than a quarter of their time
// waiting for the log. The share is below 1 % while they wait for venues, and about two thirds when
// the processor or the disk is the bottleneck.
constexpr std::uint64_t saturated_share = 4;
// Limit 2 never falls below this (or the configured concurrency, if that is smaller). A lower limit
// would leave the log's batches unfilled, which lowers the throughput, and with it the limit, for
// ever. 512 orders of three commits of 50 ms each are still 3,400 orders/s.
constexpr std::uint64_t limit_min = 512;
// More open orders than this share of limit 2 mean an overload, or a stall that is left to drain.
constexpr std::uint64_t loaded_share = 4;
constexpr std::int64_t loaded_every_us = 10'000;
// Half of the throughput is reserved for refused clients that return, the rest is for new ones.
constexpr std::uint64_t returning_share = 2;

std::int64_t micros_of(SteadyTime at) {
  return at.time_since_epoch().count();
}

}  // namespace

std::uint64_t Admission::open_orders() const {
  std::uint64_t open = 0;
  for (const ExecutorMetrics* executor : executors)
    open += executor->open.load(std::memory_order_relaxed);
  return open;
}

std::uint64_t Admission::waiting_orders() const {
  std::uint64_t waiting = 0;
  for (const ExecutorMetrics* executor : executors)
    waiting += executor->waiting.load(std::memory_order_relaxed);
  return waiting;
}

std::optional<Busy> Admission::refuses(SteadyTime now, bool backlogged) const {
  if (micros_of(now) - measured_at_us_.load(std::memory_order_relaxed) >= measure_every_us)
    measure(now);
  const std::uint64_t held = open_orders() + entering_.load(std::memory_order_relaxed);
  Busy busy;
  if (held >= open_orders_max) {
    busy.why = "The limit of open orders is reached.";
    refused_full_.fetch_add(1, std::memory_order_relaxed);
  } else if (exceeds_throughput(held - std::min(held, waiting_orders()), now, backlogged)) {
    busy.why = "The engine is at its throughput limit.";
    refused_busy_.fetch_add(1, std::memory_order_relaxed);
  } else {
    return std::nullopt;
  }
  busy.retry_after = reserve_retry_slot(now);
  return busy;
}

bool Admission::exceeds_throughput(std::uint64_t held, SteadyTime now, bool backlogged) const {
  const std::uint64_t limit = saturated_open_max_.load(std::memory_order_relaxed);
  if (held < limit / loaded_share) return false;
  const std::int64_t now_us = micros_of(now);
  const std::int64_t loaded_at_us = loaded_at_us_.load(std::memory_order_relaxed);
  if (now_us - loaded_at_us > calm_min.count()) loaded_since_us_ = now_us;
  // Not for each order: every shard reads it.
  if (now_us - loaded_at_us > loaded_every_us) loaded_at_us_ = now_us;
  const std::uint64_t least =
      backlogged ? backlogged_open_max_.load(std::memory_order_relaxed) : limit;
  if (held < least) return false;
  if (now_us - loaded_since_us_.load(std::memory_order_relaxed) > drain_max.count()) return true;
  return held - least >= stall_orders_.load(std::memory_order_relaxed);
}

Admission::Totals Admission::totals() const {
  Totals sum;
  for (const ExecutorMetrics* executor : executors) {
    sum.ended += executor->ended.load(std::memory_order_relaxed);
    sum.executed_us += executor->executed_us.load(std::memory_order_relaxed);
    sum.append_wait_us += executor->append_wait_us.load(std::memory_order_relaxed);
    sum.concurrency += executor->concurrency.load(std::memory_order_relaxed);
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
  const std::uint64_t executed = seen.executed_us - before_.executed_us;
  if (executed == 0) return;  // no order was completed: throughput and limits stay
  // The first orders after an idle time have hardly had time to end: not a throughput yet.
  if (measured_++ == 0) return;
  const std::uint64_t per_s =
      (seen.ended - before_.ended) * 1'000'000 / static_cast<std::uint64_t>(elapsed_us);
  const std::uint64_t weight = std::min(measured_ - 1, measurements_averaged);
  ended_per_s_ = (ended_per_s_ * (weight - 1) + per_s) / weight;
  if (weight < measurements_averaged) return;
  if ((seen.append_wait_us - before_.append_wait_us) * saturated_share < executed) {
    saturated_open_max_ = backlogged_open_max_ = unbounded;
    return;
  }
  // Little's law: throughput times the time that one order takes, which is its venue's time plus
  // own_time_max. More open orders only wait, and thousands of them do not fit into the processor's
  // caches.
  const std::uint64_t append_wait = seen.append_wait_us - before_.append_wait_us;
  const std::uint64_t ended = std::max<std::uint64_t>(seen.ended - before_.ended, 1);
  const std::uint64_t each_us = (executed - std::min(append_wait, executed)) / ended +
                                static_cast<std::uint64_t>(own_time_max.count());
  const std::uint64_t least = std::min(std::max<std::uint64_t>(seen.concurrency, 1), limit_min);
  saturated_open_max_ = std::max(least, ended_per_s_ * each_us / 1'000'000);
  backlogged_open_max_ = std::max<std::uint64_t>(saturated_open_max_ / 2, 1);
  stall_orders_ = ended_per_s_ * static_cast<std::uint64_t>(stall_max.count()) / 1'000'000;
}

// Refused clients queue in time instead of in memory. Each reserves the next free time slot, so
// that they return one by one, at a rate that the engine can serve.
std::chrono::seconds Admission::reserve_retry_slot(SteadyTime now) const {
  const std::uint64_t per_s = ended_per_s_.load(std::memory_order_relaxed);
  if (per_s == 0) return retry_after_min;
  const std::int64_t now_us = micros_of(now);
  const auto slot_us = static_cast<std::int64_t>(returning_share * 1'000'000 / per_s);
  const std::int64_t last_us = now_us + std::chrono::microseconds(retry_after_max).count();
  std::int64_t reserved_until = retry_slots_until_us_.load(std::memory_order_relaxed);
  std::int64_t next = 0;
  do {
    next = std::max(reserved_until, now_us) + slot_us;
    // All slots of the next minute are taken: begin again in its second half.
    if (next > last_us) next = now_us + (last_us - now_us) / 2;
  } while (!retry_slots_until_us_.compare_exchange_weak(reserved_until, next,
                                                        std::memory_order_relaxed));
  return std::max(retry_after_min, std::chrono::seconds((next - now_us + 999'999) / 1'000'000));
}

}  // namespace oee
