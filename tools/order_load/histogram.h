// Histogram: a log-linear histogram of latencies, like HdrHistogram: 128 linear steps in every
// power of two. So a percentile is at most 1/128 = 0.8 % too high. 57 KB.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace oee::load {

class Histogram {
 public:
  void record(std::chrono::nanoseconds latency);
  std::uint64_t count() const { return count_; }
  // The smallest recorded value that `percent` of the records, in (0, 100], do not exceed. It is
  // rounded up to its step. Zero when nothing is recorded.
  std::chrono::nanoseconds percentile(double percent) const;
  std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_); }
  std::chrono::nanoseconds mean() const;

 private:
  static constexpr unsigned step_bits = 7;
  static constexpr std::uint64_t steps = 1U << step_bits;
  static std::size_t slot_of(std::uint64_t value);
  static std::uint64_t highest_in(std::size_t slot);

  std::array<std::uint64_t, (64 - step_bits + 1) * steps> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  std::uint64_t sum_us_ = 0;
};

}  // namespace oee::load
