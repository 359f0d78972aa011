#include "core/runtime/system_clock.h"

#include "core/base/check.h"

namespace oee {

WallTime SystemClock::now() const {
  return std::chrono::floor<Micros>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const {
  return std::chrono::floor<Micros>(std::chrono::steady_clock::now());
}

Clock::TimerId SystemClock::call_at(SteadyTime at, std::function<void()> action) {
  const TimerId id = ++last_id_;
  timers_.emplace(Key{at, id}, std::move(action));
  deadlines_.emplace(id, at);
  if (at < armed_for_) arm();
  return id;
}

void SystemClock::cancel(TimerId id) {
  const auto found = deadlines_.find(id);
  if (found == deadlines_.end()) return;
  timers_.erase(Key{found->second, id});
  deadlines_.erase(found);
  // Without timers the clock must not keep the loop running.
  if (timers_.empty()) {
    armed_for_ = SteadyTime::max();
    timer_.cancel();
  }
}

void SystemClock::arm() {
  armed_for_ = timers_.begin()->first.first;
  timer_.expires_at(armed_for_);
  timer_.async_wait([this](boost::system::error_code ec) {
    if (!ec) fire();
  });
}

void SystemClock::fire() {
  armed_for_ = SteadyTime::max();
  const SteadyTime now = steady_now();
  // `now` is rounded down and may be just before the deadline of the timer that fired: it is then
  // armed again.
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto node = timers_.extract(timers_.begin());
    deadlines_.erase(node.key().second);
    node.mapped()();
  }
  if (!timers_.empty() && timers_.begin()->first.first < armed_for_) arm();
}

}  // namespace oee
