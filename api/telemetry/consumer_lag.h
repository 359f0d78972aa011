// ConsumerLag: how long a consumer of the log has been behind it, by the steady clock: a step of
// the wall clock changes nothing, and an idle log is no lag. One thread samples, any reads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "core/base/time.h"
#include "core/order/ids.h"

namespace oee {

class ConsumerLag {
 public:
  static constexpr Micros sample_every{1'000'000};

  // `head`: where the log ends now; `position`: how far the consumer has got.
  void sample(SteadyTime now, Seq head, Seq position) {
    if (position >= target_) {
      // Reached somewhere within the last sample's time: that much may not be lag.
      const bool measured = position < head && target_at_ != SteadyTime{};
      took_ = measured ? std::max(now - target_at_ - sample_every, Micros{0}) : Micros{0};
      target_ = head;
      target_at_ = now;
    }
    const Micros waiting = position >= target_ ? Micros{0} : now - target_at_;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(std::max(took_, waiting));
    seconds_.store(static_cast<std::uint64_t>(seconds.count()), std::memory_order_relaxed);
  }
  // Whole seconds; 0: it keeps up.
  std::uint64_t seconds() const { return seconds_.load(std::memory_order_relaxed); }

 private:
  Seq target_ = 0;  // where the log ended at target_at_
  SteadyTime target_at_{};
  Micros took_{0};  // until the target before this one was reached
  std::atomic<std::uint64_t> seconds_{0};
};

}  // namespace oee
