// Clock seam: time and timers of one event loop. One instance per loop, used on that loop's thread
// only (now() and steady_now() from any thread). Simulated: virtual time that jumps to the next
// deadline.
#pragma once

#include <cstdint>
#include <functional>

#include "core/base/time.h"

namespace oee {

class Clock {
 public:
  using TimerId = std::uint64_t;  // never 0
  virtual ~Clock() = default;

  // Wall clock; may step. Stamp with it, never wait with it.
  virtual WallTime now() const = 0;
  // Steady; all waiting uses it.
  virtual SteadyTime steady_now() const = 0;
  // Runs `action` once on the loop, at or after `at`; never inside this call. Timers of one instant
  // run in the order of their setting.
  virtual TimerId call_at(SteadyTime at, std::function<void()> action) = 0;
  // After this returns the action does not run. Unknown or past ids are not an error.
  virtual void cancel(TimerId id) = 0;
};

}  // namespace oee
