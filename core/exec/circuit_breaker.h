// CircuitBreaker: whether calls of one kind to one venue may be made. After failures in a row it
// opens, and no call is allowed. When a wait is over it is half-open: one call, the probe, is
// allowed. Its success closes the breaker; its failure opens it again, for twice as long. A probe
// without a result holds back the next one for a limited time only. (M. Nygard, Release It!, 2007,
// "Circuit Breaker"; here nothing is latched, and nothing is stored.) A value; pure: time is a
// parameter. One thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/time.h"

namespace oee {

struct BreakerOptions {
  std::uint32_t failures_max = 5;  // so many in a row open it; 0: it stays closed
  Micros open_min{1'000'000};      // from the opening to the first probe
  Micros open_max{5'000'000};      // each probe that fails doubles the wait, up to this
  Micros probe_max{2'000'000};     // after a probe without a result the next one is allowed
};

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, half_open, open };

  explicit CircuitBreaker(const BreakerOptions& options) : options_(options) {}

  State state() const { return state_; }
  // A call may be made now.
  bool allows(SteadyTime now) const { return state_ == State::closed || now >= next_probe_; }
  // An allowed call is made. Unless the breaker is closed it is the probe. REQUIRES: allows(now).
  void begin(SteadyTime now);
  // The call that was to be made at `began` is not made. If it was the probe, the next call is.
  void unsent(SteadyTime began);
  // The call that was made at `began` has succeeded, or failed. A call from before the last opening
  // counts for nothing. True: the breaker was not closed and is now; it was closed and is open now.
  bool succeeded(SteadyTime began);
  bool failed(SteadyTime began, SteadyTime now);

  // Valid unless closed. half_open: another probe is allowed then.
  SteadyTime next_probe() const { return next_probe_; }
  SteadyTime left_closed_at() const { return left_closed_at_; }

 private:
  const BreakerOptions options_;
  State state_ = State::closed;
  std::uint32_t failures_ = 0;  // in a row, while closed
  Micros wait_{0};              // from the next opening to its probe
  SteadyTime left_closed_at_{};
  SteadyTime opened_at_ = SteadyTime::min();  // the last time, also from half_open
  SteadyTime probed_at_{};                    // half_open: the time of the probe
  SteadyTime next_probe_{};
};

std::string_view to_string(CircuitBreaker::State state);  // "half-open"

}  // namespace oee
