// Waits on a Clock's timers. co_await sleep_until(clock, at) cannot be aborted; an Alarm can. One
// loop's thread.
#pragma once

#include <coroutine>
#include <utility>

#include "core/seams/clock.h"

namespace oee {

class SleepUntil {
 public:
  SleepUntil(Clock& clock, SteadyTime at) : clock_(clock), at_(at) {}
  bool await_ready() const { return clock_.steady_now() >= at_; }
  void await_suspend(std::coroutine_handle<> waiter) {
    clock_.call_at(at_, [waiter] { waiter.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Clock& clock_;
  SteadyTime at_;
};
inline SleepUntil sleep_until(Clock& clock, SteadyTime at) {
  return SleepUntil(clock, at);
}
inline SleepUntil sleep_for(Clock& clock, Micros wait) {
  return SleepUntil(clock, clock.steady_now() + wait);
}

// An event with a deadline: co_await alarm.wait(at) resumes inside ring(), or at `at` when that is
// earlier. It returns true when the alarm rang. A ring() before wait() counts. At most one waiter.
class Alarm {
 public:
  explicit Alarm(Clock& clock) : clock_(clock) {}
  Alarm(const Alarm&) = delete;

  void ring() {
    rung_ = true;
    if (waiter_) {
      clock_.cancel(timer_);
      std::exchange(waiter_, {}).resume();
    }
  }
  class Wait {
   public:
    Wait(Alarm& alarm, SteadyTime at) : alarm_(alarm), at_(at) {}
    bool await_ready() const { return alarm_.rung_; }
    void await_suspend(std::coroutine_handle<> waiter) {
      alarm_.waiter_ = waiter;
      Alarm* alarm = &alarm_;
      alarm_.timer_ =
          alarm_.clock_.call_at(at_, [alarm] { std::exchange(alarm->waiter_, {}).resume(); });
    }
    bool await_resume() { return std::exchange(alarm_.rung_, false); }

   private:
    Alarm& alarm_;
    SteadyTime at_;
  };
  Wait wait(SteadyTime at) { return Wait(*this, at); }

 private:
  Clock& clock_;
  bool rung_ = false;
  std::coroutine_handle<> waiter_;
  Clock::TimerId timer_ = 0;
};

}  // namespace oee
