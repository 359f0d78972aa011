// ConsumerLag: measures for how long a consumer has been behind the log. It uses the steady clock,
// so that a step of the wall clock changes nothing. While the log is idle the lag is 0. One thread
// samples; any thread reads.
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

  // `head`: the log's head now. `position`: the last seq that the consumer has processed.
  void sample(SteadyTime now, Seq head, Seq position) {
    target_ = std::min(target_, head);  // a head that a gateway's bus announced may have been false
    if (position >= target_) {
      // The target was reached at some time since the last sample: that interval is not counted.
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
  Seq target_ = 0;  // the log's head at target_at_
  SteadyTime target_at_{};
  Micros took_{0};  // time to reach the target before this one
  std::atomic<std::uint64_t> seconds_{0};
};

}  // namespace oee
