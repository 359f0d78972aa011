// VirtualClock: a Clock for tests whose time moves only when the test moves it. Both times may be
// read on any thread; timers belong to one thread. TimerTable: the timers of such a clock, also
// used by the simulation's clocks.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/seams/clock.h"

namespace oee::test {

// Timers in the order of their deadlines; timers of one deadline in the order of their creation.
class TimerTable {
 public:
  using TimerId = Clock::TimerId;

  TimerId add(SteadyTime at, std::function<void()> action) {
    const TimerId id = ++last_id_;
    timers_.emplace(std::pair(at, id), std::move(action));
    deadlines_.emplace(id, at);
    return id;
  }
  void cancel(TimerId id) {
    const auto found = deadlines_.find(id);
    if (found == deadlines_.end()) return;
    timers_.erase(std::pair(found->second, id));
    deadlines_.erase(found);
  }
  // The earliest deadline; empty: there is no timer.
  std::optional<SteadyTime> next_deadline() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first.first;
  }
  // Removes the earliest timer and runs it. REQUIRES: there is one.
  void fire_next() {
    auto timer = timers_.extract(timers_.begin());
    deadlines_.erase(timer.key().second);
    timer.mapped()();
  }

 private:
  std::map<std::pair<SteadyTime, TimerId>, std::function<void()>> timers_;
  std::unordered_map<TimerId, SteadyTime> deadlines_;
  TimerId last_id_ = 0;
};

class VirtualClock final : public Clock {
 public:
  WallTime now() const override {
    return WallTime(Micros(wall_us_.fetch_add(wall_us_per_read) + steady_us_.load()));
  }
  SteadyTime steady_now() const override { return SteadyTime(Micros(steady_us_.load())); }
  TimerId call_at(SteadyTime at, std::function<void()> action) override {
    return timers_.add(at, std::move(action));
  }
  void cancel(TimerId id) override { timers_.cancel(id); }

  bool has_timers() const { return timers_.next_deadline().has_value(); }
  // Moves the time to the earliest deadline and runs that timer. false: there is no timer.
  bool fire_next() {
    const auto deadline = timers_.next_deadline();
    if (!deadline) return false;
    if (*deadline > steady_now()) advance(*deadline - steady_now());
    timers_.fire_next();
    return true;
  }
  void advance(Micros by) { steady_us_ += by.count(); }
  void step_wall(Micros by) { wall_us_ += by.count(); }
  void set_wall(WallTime to) { step_wall(to - now()); }
  std::int64_t wall_us_per_read = 0;  // time passes while a program reads it

 private:
  mutable std::atomic<std::int64_t> wall_us_{1'780'000'000'000'000};  // at steady time 0
  std::atomic<std::int64_t> steady_us_{0};
  TimerTable timers_;
};

}  // namespace oee::test
