// Virtual time. The whole environment has one Time. Each part of it (a shard, the venues, the
// clients) has a SimClock with its own timers, so that a killed engine's timers end with it. One
// thread.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>

#include "core/seams/clock.h"
#include "tests/support/virtual_clock.h"

namespace oee::sim {

struct Time {
  SteadyTime steady{};
  WallTime wall_at_zero{std::chrono::seconds(1'780'000'000)};  // stepped by a fault

  WallTime wall() const { return wall_at_zero + (steady - SteadyTime{}); }
};

class SimClock final : public Clock {
 public:
  explicit SimClock(const Time& time) : shared_(&time) {}

  WallTime now() const override { return time().wall(); }
  SteadyTime steady_now() const override { return time().steady; }
  TimerId call_at(SteadyTime at, std::function<void()> action) override {
    return timers_.add(at, std::move(action));
  }
  void cancel(TimerId id) override { timers_.cancel(id); }

  std::optional<SteadyTime> next_deadline() const { return timers_.next_deadline(); }
  // Runs the earliest timer that is due. false: none is due.
  bool fire_due() {
    const auto deadline = next_deadline();
    if (!deadline || *deadline > time().steady) return false;
    timers_.fire_next();
    return true;
  }

  // From now on this clock has its own time, which begins at the shared time.
  void detach() { own_ = *shared_; }
  // Moves the own time to the earliest deadline and runs that timer. false: there is no timer.
  // REQUIRES: detached.
  bool fire_next() {
    const auto deadline = next_deadline();
    if (!deadline) return false;
    own_->steady = std::max(own_->steady, *deadline);
    return fire_due();
  }

 private:
  const Time& time() const { return own_ ? *own_ : *shared_; }

  const Time* shared_;
  std::optional<Time> own_;
  test::TimerTable timers_;
};

}  // namespace oee::sim
