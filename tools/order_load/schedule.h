// Schedule: when each order is due, retries included. Owned by LoadRun, on its thread.
//
// With a rate, order n is due at start + n / rate, regardless of the server. In a closed loop a
// number of orders are due at the start, and each order that comes to an end is replaced by a new
// one. Generating ends at the first of --duration and --orders.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "tools/order_load/connection.h"
#include "tools/order_load/options.h"

namespace oee::load {

struct Submission {
  std::uint64_t index = 0;  // of the order, from 0
  Clock::time_point due;
  std::uint32_t sent = 0;  // how often it was sent
};

class Schedule {
 public:
  // `options` outlives it.
  explicit Schedule(const Options& options) : options_(options) {}

  void start(Clock::time_point now);
  bool started() const { return started_; }

  // Adds the orders and retries that are due by `now`.
  void advance(Clock::time_point now);
  // Closed loops: an order came to its end, so a new one is due. With a rate it does nothing.
  void replace();
  // Schedules `submission` again: after `after` (1 s when empty) and up to a quarter more, or at
  // once with --retry-at-once. false: it was sent --retries times already and is given up.
  bool retry(Submission submission, std::optional<std::chrono::seconds> after,
             Clock::time_point now);

  bool has_due() const { return !due_.empty(); }
  Submission take_due();  // REQUIRES: has_due()
  // The time at which the next order or retry becomes due by itself; max(): none does.
  Clock::time_point next_due() const;

  bool generating() const { return generating_; }
  Clock::time_point generation_ended() const { return generation_ended_; }
  std::uint64_t generated() const { return generated_; }  // orders so far
  std::size_t due_count() const { return due_.size(); }
  std::size_t retry_count() const { return retries_.size(); }

 private:
  struct Retry {
    Clock::time_point at;
    Submission submission;
    bool operator>(const Retry& other) const { return at > other.at; }
  };
  void generate(Clock::time_point now);
  void add_due(Clock::time_point due);
  Clock::time_point due_at_rate(std::uint64_t index) const;

  const Options& options_;
  bool started_ = false;
  bool generating_ = true;
  Clock::time_point start_;
  Clock::time_point generation_ended_;
  std::uint64_t generated_ = 0;
  std::deque<Submission> due_;
  std::priority_queue<Retry, std::vector<Retry>, std::greater<>> retries_;
  std::uint64_t jitter_ = 0x9E3779B97F4A7C15ULL;
};

}  // namespace oee::load
