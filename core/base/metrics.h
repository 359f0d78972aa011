// Meters: what one thread counts and measures and any thread reads. An addition is a plain load and
// store (no lock, no locked instruction), so each meter has exactly one writing thread; whoever
// wants a total sums the meters of all threads.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/time.h"

namespace oee {

class Count {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  // For what may also fall. REQUIRES: never below zero.
  void subtract(std::uint64_t n = 1) { add(~n + 1); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// A histogram's contents at one moment, or the sum of several of the same bounds.
struct Distribution {
  std::span<const std::int64_t> bounds;  // upper, inclusive, rising; one more bucket above the last
  std::vector<std::uint64_t> counts;     // bounds.size() + 1, not cumulated; empty: nothing added
  std::uint64_t sum = 0;                 // of all values
};

template <const auto& upper_bounds>
class Histogram {
 public:
  // Negative values count as 0. Small values, the frequent ones, are found first.
  void add(std::int64_t value) {
    std::size_t bucket = 0;
    while (bucket < upper_bounds.size() && value > upper_bounds[bucket]) ++bucket;
    counts_[bucket].add();
    if (value > 0) sum_.add(static_cast<std::uint64_t>(value));
  }
  void add(Micros time) { add(static_cast<std::int64_t>(time.count())); }

  void add_to(Distribution& total) const {
    total.bounds = upper_bounds;
    total.counts.resize(counts_.size());
    for (std::size_t i = 0; i < counts_.size(); ++i) total.counts[i] += counts_[i].get();
    total.sum += sum_.get();
  }

 private:
  std::array<Count, upper_bounds.size() + 1> counts_;
  Count sum_;
};

// Microseconds: 50 us, where a durable write is fast, to a minute, where a venue is given up.
inline constexpr std::array<std::int64_t, 19> duration_bounds_us = {
    50,        100,       250,        500,        1'000,     2'500,   5'000,
    10'000,    25'000,    50'000,     100'000,    250'000,   500'000, 1'000'000,
    2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};
using DurationHistogram = Histogram<duration_bounds_us>;

// How many at once.
inline constexpr std::array<std::int64_t, 11> size_bounds = {1,  2,   4,   8,   16,   32,
                                                             64, 128, 256, 512, 1'024};
using SizeHistogram = Histogram<size_bounds>;

}  // namespace oee
