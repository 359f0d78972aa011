// Virtual time. One Time for the whole environment; each part of it (a shard, the venues, the
// clients) has a SimClock with timers of its own, so that the timers of an engine that died die
// with it.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>

#include "core/seams/clock.h"

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

  std::optional<SteadyTime> next_deadline() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first.first;
  }
  // Runs the earliest timer that is due; false when none is.
  bool fire_due() {
    if (timers_.empty() || timers_.begin()->first.first > time().steady) return false;
    auto timer = timers_.extract(timers_.begin());
    deadlines_.erase(timer.key().second);
    timer.mapped()();
    return true;
  }

  // From here on this clock has a time of its own, beginning with the shared one's.
  void detach() { own_ = *shared_; }
  // Detached: jumps to the earliest timer and runs it; false when there is none.
  bool fire_next() {
    if (timers_.empty()) return false;
    own_->steady = std::max(own_->steady, timers_.begin()->first.first);
    return fire_due();
  }

 private:
  const Time& time() const { return own_ ? *own_ : *shared_; }

  const Time* shared_;
  std::optional<Time> own_;
  std::map<std::pair<SteadyTime, TimerId>, std::function<void()>> timers_;
  std::unordered_map<TimerId, SteadyTime> deadlines_;
  TimerId last_id_ = 0;
};

}  // namespace oee::sim
