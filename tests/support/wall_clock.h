// WallClock: the system's time without timers, for a log that a test or a benchmark writes by
// itself. Any thread.
#pragma once

#include <chrono>
#include <cstdlib>
#include <functional>

#include "core/seams/clock.h"

namespace oee::test {

class WallClock final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::time_point_cast<Micros>(std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override {
    return std::chrono::time_point_cast<Micros>(std::chrono::steady_clock::now());
  }
  TimerId call_at(SteadyTime, std::function<void()>) override { std::abort(); }
  void cancel(TimerId) override {}
};

}  // namespace oee::test
