// Clock seam: time and timers of one event loop. One instance per loop, used on that loop's thread
// only; now() and steady_now() on any thread. The simulation's time is virtual and jumps to the
// next deadline.
#pragma once

#include <cstdint>
#include <functional>

#include "core/base/time.h"

namespace oee {

class Clock {
 public:
  using TimerId = std::uint64_t;  // never 0
  virtual ~Clock() = default;

  // Wall-clock time, which may step. For time stamps, never for waiting.
  virtual WallTime now() const = 0;
  // Steady time, for all waiting.
  virtual SteadyTime steady_now() const = 0;
  // Runs `action` once on the loop, at or after `at`, never inside this call. Timers with the same
  // deadline run in the order of their calls.
  virtual TimerId call_at(SteadyTime at, std::function<void()> action) = 0;
  // The action does not run after this call. An unknown or past id is not an error.
  virtual void cancel(TimerId id) = 0;
};

}  // namespace oee
