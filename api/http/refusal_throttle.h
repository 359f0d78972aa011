// Resting: the connections of one shard whose last request was refused for want of room. They are
// read again in turn, so many a second, so that saying no, again and again to those who do not wait
// as they were asked to, does not take the processor from the orders that were taken. Without it a
// retry storm is served at full speed, and three refusals cost as much as one order. On the shard's
// loop.
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <deque>

#include "core/seams/clock.h"

namespace oee {

class Resting {
 public:
  // Never longer than this, nor than the Retry-After of an engine that makes connections rest.
  static constexpr Micros rest_max{3'000'000};

  // co_await resting.turn(now): until the connection may be read again.
  auto turn(SteadyTime now) {
    struct Awaiter {
      Resting& resting;
      SteadyTime now;
      bool await_ready() const noexcept { return resting.closed_; }
      void await_suspend(std::coroutine_handle<> waiter) {
        resting.waiting_.push_back({waiter, now + rest_max});
        resting.newcomers_ = true;
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this, now};
  }

  // Every 20 ms: wakes those whose turn it is.
  void tick(SteadyTime now) {
    // None was refused for a while: there is room, and it must not stay empty.
    quiet_ticks_ = newcomers_ ? 0 : quiet_ticks_ + 1;
    newcomers_ = false;
    if (quiet_ticks_ == 0) quota_ = quota_min;
    if (quiet_ticks_ >= quiet_ticks_max) quota_ = std::min(quota_ * 2, quota_max);
    for (std::size_t i = 0; i < quota_ && !waiting_.empty(); ++i) wake_first();
    while (!waiting_.empty() && waiting_.front().until <= now) wake_first();
  }

  // Wakes all; none rests from here on.
  void close() {
    closed_ = true;
    while (!waiting_.empty()) wake_first();
  }

 private:
  // 8 per tick are 400 refusals a second and shard, 20 us each: about 1 % of its time.
  static constexpr std::size_t quota_min = 8;
  static constexpr std::size_t quota_max = 1'280;  // all of 12,000 connections in 200 ms
  static constexpr int quiet_ticks_max = 3;
  struct Waiter {
    std::coroutine_handle<> handle;
    SteadyTime until;
  };
  void wake_first() {
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
