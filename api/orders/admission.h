// Admission: decides whether a new order is taken, and how long a refused client should wait. Law
// 8: full is an answer. The engine fills it in before any shard runs; every shard asks it, on any
// thread.
//
// Three limits on open orders:
//   1. The configured maximum always holds. It bounds memory.
//   2. When the engine, not the venues, is the bottleneck: open orders <= throughput x (venue time
//      + own_time_max), by Little's law. More open orders would only make all of them wait longer.
//   3. Half of limit 2 while requests wait unread in their sockets. The excess is then read and
//      refused instead of queueing in the kernel.
// Limits 2 and 3 do not apply while orders wait for slow venues: an idle engine holds them cheaply,
// up to the configured maximum. They do not count orders that wait for their retry or for a quote.
//
// A stall (of a sync, of a compaction, of the machine) is not saturation: below half the capacity
// the engine completes in a moment what came in during the stall. So both limits are higher by what
// comes in during stall_max, for the first drain_max in which open orders exceed a quarter of limit
// 2. That time begins anew when they have been below for calm_min.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/exec/executor_metrics.h"

namespace oee {

struct Busy {
  std::string_view why;  // a literal
  std::chrono::seconds retry_after{1};
};

class Admission {
 public:
  static constexpr Micros own_time_max{50'000};
  static constexpr Micros stall_max{250'000};
  static constexpr Micros drain_max{750'000};  // stall_max, and twice that to complete the rest
  static constexpr Micros calm_min{500'000};
  // A shard is backlogged when its requests wait longer than this to be read.
  static constexpr Micros backlogged_wait{50'000};
  static constexpr std::chrono::seconds retry_after_max{60};

  std::atomic<bool> recovering{true};
  std::atomic<bool> draining{false};
  std::uint64_t open_orders_max = 100'000;
  std::vector<const ExecutorMetrics*> executors;  // fixed before any shard runs

  std::uint64_t open_orders() const;

  // The reason to refuse a new order now; nullopt: take it.
  std::optional<Busy> refuses(SteadyTime now, bool backlogged) const;

  // A new order was refused by a risk limit.
  void count_risk_limit() const { refused_risk_limit_.fetch_add(1, std::memory_order_relaxed); }

  // Orders refused so far: by limit 1, by limits 2 and 3, by a risk limit.
  std::uint64_t refused_full() const { return refused_full_.load(std::memory_order_relaxed); }
  std::uint64_t refused_busy() const { return refused_busy_.load(std::memory_order_relaxed); }
  std::uint64_t refused_risk_limit() const {
    return refused_risk_limit_.load(std::memory_order_relaxed);
  }

  // Counts one new order on its way into the log, before it is open there. Held for that time.
  class Entry {
   public:
    explicit Entry(const Admission& admission) : entering_(admission.entering_) {
      entering_.fetch_add(1, std::memory_order_relaxed);
    }
    ~Entry() { entering_.fetch_sub(1, std::memory_order_relaxed); }
    Entry(const Entry&) = delete;

   private:
    std::atomic<std::uint64_t>& entering_;
  };

 private:
  static constexpr std::uint64_t unbounded = ~std::uint64_t{0};
  struct Totals {
    std::uint64_t ended = 0;
    std::uint64_t executed_us = 0;
    std::uint64_t append_wait_us = 0;
    std::uint64_t concurrency = 0;
  };
  std::uint64_t waiting_orders() const;
  Totals totals() const;
  void measure(SteadyTime now) const;
  void update_limits(const Totals& seen, std::int64_t elapsed_us) const;
  bool exceeds_throughput(std::uint64_t held, SteadyTime now, bool backlogged) const;
  std::chrono::seconds reserve_retry_slot(SteadyTime now) const;

  // Measurements, not state of the engine: refuses() is const and may refresh them.
  mutable std::atomic<std::uint64_t> entering_{0};
  mutable std::atomic<std::int64_t> measured_at_us_{0};
  mutable std::atomic<bool> measuring_{false};  // one shard at a time; guards the next two
  mutable Totals before_;
  mutable std::uint64_t measured_ = 0;  // measurements since the last idle second
  mutable std::atomic<std::uint64_t> ended_per_s_{0};
  mutable std::atomic<std::uint64_t> saturated_open_max_{unbounded};
  mutable std::atomic<std::uint64_t> backlogged_open_max_{unbounded};
  mutable std::atomic<std::uint64_t> stall_orders_{0};  // completed in stall_max
  // Open orders above a quarter of limit 2: since when, and when at last.
  mutable std::atomic<std::int64_t> loaded_since_us_{0};
  mutable std::atomic<std::int64_t> loaded_at_us_{0};
  mutable std::atomic<std::int64_t> retry_slots_until_us_{0};
  mutable std::atomic<std::uint64_t> refused_full_{0};
  mutable std::atomic<std::uint64_t> refused_busy_{0};
  mutable std::atomic<std::uint64_t> refused_risk_limit_{0};
};

}  // namespace oee
