// A Clock whose time moves only when told: jumps to the next deadline. One thread.
#pragma once

#include <map>
#include <unordered_map>

#include "core/runtime/loop.h"
#include "core/seams/clock.h"

namespace oee::test {

class VirtualClock final : public Clock {
 public:
  WallTime now() const override { return wall_ + (steady_ - SteadyTime{}); }
  SteadyTime steady_now() const override { return steady_; }
  TimerId call_at(SteadyTime at, std::function<void()> action) override {
    const TimerId id = ++last_id_;
    timers_.emplace(std::pair(at, id), std::move(action));
    deadlines_.emplace(id, at);
    return id;
  }
  void cancel(TimerId id) override {
    const auto found = deadlines_.find(id);
    if (found == deadlines_.end()) return;
    timers_.erase(std::pair(found->second, id));
    deadlines_.erase(found);
  }

  bool has_timers() const { return !timers_.empty(); }
  // Moves to the earliest deadline and runs one timer; false when there is none.
  bool fire_next() {
    if (timers_.empty()) return false;
    auto node = timers_.extract(timers_.begin());
    deadlines_.erase(node.key().second);
    if (node.key().first > steady_) steady_ = node.key().first;
    node.mapped()();
    return true;
  }
  void advance(Micros by) { steady_ += by; }
  void step_wall(Micros by) { wall_ += by; }

 private:
  WallTime wall_{std::chrono::seconds(1'780'000'000)};
  SteadyTime steady_{};
  std::map<std::pair<SteadyTime, TimerId>, std::function<void()>> timers_;
  std::unordered_map<TimerId, SteadyTime> deadlines_;
  TimerId last_id_ = 0;
};

}  // namespace oee::test
