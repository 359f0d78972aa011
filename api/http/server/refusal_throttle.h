// RefusalThrottle: the connections of one shard whose last request was refused because the engine
// is full. They are read again in turn, at a limited number a second, so that clients that ignore
// Retry-After do not take the processor from accepted orders. Without it a retry storm is served at
// full speed, and three refusals cost as much as one order. On the shard's loop.
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <deque>

#include "core/seams/clock.h"

namespace oee {

class RefusalThrottle {
 public:
  // The longest wait of a connection. No Retry-After of a full engine is shorter.
  static constexpr Micros wait_max{3'000'000};

  // co_await throttle.turn(now): resumes when the connection may be read again.
  auto turn(SteadyTime now) {
    struct Awaiter {
      RefusalThrottle& throttle;
      SteadyTime now;
      bool await_ready() const noexcept { return throttle.closed_; }
      void await_suspend(std::coroutine_handle<> waiter) {
        throttle.waiting_.push_back({waiter, now + wait_max});
        throttle.newcomers_ = true;
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this, now};
  }

  // Called every 20 ms: resumes the connections whose turn it is.
  void tick(SteadyTime now) {
    // Without a new refusal for some ticks the engine has room: the quota doubles each tick.
    quiet_ticks_ = newcomers_ ? 0 : quiet_ticks_ + 1;
    newcomers_ = false;
    if (quiet_ticks_ == 0) quota_ = quota_min;
    if (quiet_ticks_ >= quiet_ticks_max) quota_ = std::min(quota_ * 2, quota_max);
    for (std::size_t i = 0; i < quota_ && !waiting_.empty(); ++i) resume_first();
    while (!waiting_.empty() && waiting_.front().until <= now) resume_first();
  }

  // Resumes all. Later calls of turn() do not wait.
  void close() {
    closed_ = true;
    while (!waiting_.empty()) resume_first();
  }

 private:
  // 8 a tick are 400 refusals a second and shard, 20 us each: about 1 % of its time.
  static constexpr std::size_t quota_min = 8;
  static constexpr std::size_t quota_max = 1'280;  // all of 12,000 connections in 200 ms
  static constexpr int quiet_ticks_max = 3;
  struct Waiter {
    std::coroutine_handle<> handle;
    SteadyTime until;
  };
  void resume_first() {
    const auto handle = waiting_.front().handle;
    waiting_.pop_front();
    handle.resume();
  }
  std::deque<Waiter> waiting_;  // in the order of their `until`
  std::size_t quota_ = quota_min;
  int quiet_ticks_ = 0;
  bool newcomers_ = false;
  bool closed_ = false;
};

}  // namespace oee
