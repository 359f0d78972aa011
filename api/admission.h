// Admission: whether new orders are taken, and when a refused client had better come back. Law 8:
// full is an answer. Set up by the engine before any shard runs; asked by every shard, any thread.
//
// The configured bound on open orders always holds (memory). Two more hold while the engine itself
// is the bottleneck, when a new order only makes all others wait longer: no more are held than are
// under way at the present pace with `own_time_max` for the engine's part of each; and half of that
// while requests wait in their sockets to be read, so that the rest are read and told to come back.
// Orders that wait for slow
// venues are no such case: an idle engine holds them cheaply, up to the configured bound.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/exec/executor.h"

namespace oee {

struct Busy {
  std::string_view why;  // a literal
  std::chrono::seconds retry_after{1};
};

class Admission {
 public:
  static constexpr Micros own_time_max{50'000};
  // A shard where requests wait longer than this to be read is crowded.
  static constexpr Micros crowded_wait{50'000};
  static constexpr std::chrono::seconds retry_after_max{60};

  std::atomic<bool> recovering{true};
  std::atomic<bool> draining{false};
  std::uint64_t open_orders_max = 100'000;
  std::vector<const ExecutorStats*> executors;  // fixed before any shard runs

  std::uint64_t open_orders() const;

  // Why a new order is refused now; nullopt: take it.
  std::optional<Busy> refuses(SteadyTime now, bool crowded) const;

  // How many were refused: by the configured bound, by the engine's own pace.
  std::uint64_t refused_full() const { return refused_full_.load(std::memory_order_relaxed); }
  std::uint64_t refused_busy() const { return refused_busy_.load(std::memory_order_relaxed); }

  // Held for as long as a new order is on its way into the log, where it is not open yet.
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
  Totals totals() const;
  void measure(SteadyTime now) const;
  void judge(const Totals& seen, std::int64_t elapsed_us) const;
  std::chrono::seconds promise_turn(SteadyTime now) const;

  // What was measured is no state of the engine: asking may refresh it.
  mutable std::atomic<std::uint64_t> entering_{0};
  mutable std::atomic<std::int64_t> measured_at_us_{0};
  mutable std::atomic<bool> measuring_{false};  // by one shard at a time: guards the next two
  mutable Totals before_;
  mutable std::uint64_t measured_ = 0;  // times, since a lull
  mutable std::atomic<std::uint64_t> ended_per_s_{0};
  mutable std::atomic<std::uint64_t> saturated_open_max_{unbounded};
  mutable std::atomic<std::uint64_t> crowded_open_max_{unbounded};
  mutable std::atomic<std::int64_t> promised_until_us_{0};
  mutable std::atomic<std::uint64_t> refused_full_{0};
  mutable std::atomic<std::uint64_t> refused_busy_{0};
};

}  // namespace oee
