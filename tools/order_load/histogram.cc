#include "tools/order_load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace oee::load {

// Each value below 128 has its own slot. Above, the leading bit selects the row and the next 7 bits
// select the slot.
std::size_t Histogram::slot_of(std::uint64_t value) {
  if (value < steps) return value;
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - step_bits - 1;
  return (shift + 1) * steps + ((value >> shift) - steps);
}

std::uint64_t Histogram::highest_in(std::size_t slot) {
  if (slot < steps) return slot;
  const std::size_t shift = slot / steps - 1;
  return ((slot % steps + steps + 1) << shift) - 1;
}

void Histogram::record(std::chrono::nanoseconds latency) {
  const std::uint64_t value =
      static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
  ++counts_[slot_of(value)];
  ++count_;
  max_ = std::max(max_, value);
  sum_us_ += value / 1'000;
}

std::chrono::nanoseconds Histogram::percentile(double percent) const {
  if (count_ == 0) return std::chrono::nanoseconds(0);
  const auto wanted =
      static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t slot = 0; slot < counts_.size(); ++slot) {
    seen += counts_[slot];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) {
      return std::chrono::nanoseconds(std::min(highest_in(slot), max_));
    }
  }
  return max();
}

std::chrono::nanoseconds Histogram::mean() const {
  return std::chrono::microseconds(count_ == 0 ? 0 : sum_us_ / count_);
}

}  // namespace oee::load
