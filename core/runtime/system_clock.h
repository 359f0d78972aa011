// The real Clock, with its timers on one loop, and the real Entropy.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <random>
#include <unordered_map>

#include "core/runtime/loop.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"

namespace oee {

// One Asio timer, armed for the earliest deadline, serves all timers of the clock. The loop's
// thread; now() and steady_now() on any thread.
class SystemClock final : public Clock {
 public:
  explicit SystemClock(Loop& loop) : timer_(loop) {}
  WallTime now() const override;
  SteadyTime steady_now() const override;
  TimerId call_at(SteadyTime at, std::function<void()> action) override;
  void cancel(TimerId id) override;

 private:
  using Key = std::pair<SteadyTime, TimerId>;
  void arm();
  void fire();
  boost::asio::basic_waitable_timer<std::chrono::steady_clock> timer_;
  std::map<Key, std::function<void()>> timers_;
  std::unordered_map<TimerId, SteadyTime> deadlines_;
  TimerId last_id_ = 0;
  SteadyTime armed_for_ = SteadyTime::max();
};

// One thread.
class SystemEntropy final : public Entropy {
 public:
  SystemEntropy() : engine_(std::random_device{}()) {}
  explicit SystemEntropy(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace oee
