// Counters and histograms that one thread writes and any thread reads. An addition is a plain load
// and store (no lock, no locked instruction), so each object has exactly one writing thread. A
// total is the sum over the objects of all threads. Nothing is stored: after a restart all begin at
// zero.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/time.h"

namespace oee {

// A number of things. Starts at 0.
class Count {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  // For a number that also falls. REQUIRES: the result is not below zero.
  void subtract(std::uint64_t n = 1) { add(~n + 1); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// The contents of a histogram when it was read, or the sum of several with the same bounds.
struct Distribution {
  std::span<const std::int64_t> bounds;  // upper, inclusive, rising; one more bucket above the last
  std::vector<std::uint64_t> counts;     // bounds.size() + 1, not cumulated; empty: nothing added
  std::uint64_t sum = 0;                 // of all values
};

// Counts values by bucket. `upper_bounds`: inclusive, rising.
template <const auto& upper_bounds>
class Histogram {
 public:
  // A negative value counts as 0. The search starts at the smallest bucket: small values are the
  // most frequent.
  void add(std::int64_t value) {
    std::size_t bucket = 0;
    while (bucket < upper_bounds.size() && value > upper_bounds[bucket]) ++bucket;
    counts_[bucket].add();
    if (value > 0) sum_.add(static_cast<std::uint64_t>(value));
  }
  void add(Micros time) { add(static_cast<std::int64_t>(time.count())); }

  // Adds these contents to `total`. Any thread. Additions that run meanwhile may be read in part.
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

// Microseconds, from 50 us (a fast durable write) to one minute (a venue call is given up).
inline constexpr std::array<std::int64_t, 19> duration_bounds_us = {
    50,        100,       250,        500,        1'000,     2'500,   5'000,
    10'000,    25'000,    50'000,     100'000,    250'000,   500'000, 1'000'000,
    2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};
using DurationHistogram = Histogram<duration_bounds_us>;

// Items in one batch.
inline constexpr std::array<std::int64_t, 11> size_bounds = {1,  2,   4,   8,   16,   32,
                                                             64, 128, 256, 512, 1'024};
using SizeHistogram = Histogram<size_bounds>;

}  // namespace oee
