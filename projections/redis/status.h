// What Bus::unhealthy_reason() says for Redis: written by the bus's loop, read by any thread. Each
// change is logged once, not each attempt.
#pragma once

#include <array>
#include <mutex>
#include <string>

#include "core/base/log.h"

namespace oee {

class RedisStatus {
 public:
  enum class Side : std::uint8_t { publish, subscribe, foreign_log };

  // `name` as redis_name() gives it.
  explicit RedisStatus(std::string name) : name_(std::move(name)) {}

  // Before the threads start.
  void set_connecting(Side side) { why_[index(side)] = "connecting"; }
  void set_trouble(Side side, const std::string& why) {
    std::string& told = why_[index(side)];
    if (told == why) return;
    {
      std::lock_guard lock(mutex_);
      told = why;
    }
    log::warn("the Redis stream is in trouble; streams are read from the history",
              log::field("redis", name_), log::field("why", why));
  }
  void set_healthy(Side side) {
    std::string& told = why_[index(side)];
    if (told.empty()) return;
    {
      std::lock_guard lock(mutex_);
      told.clear();
    }
    log::info("the Redis stream is well", log::field("redis", name_));
  }
  std::string unhealthy_reason() const {
    std::lock_guard lock(mutex_);
    for (const std::string& why : why_)
      if (!why.empty()) return name_ + ": " + why;
    return {};
  }

 private:
  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }
  const std::string name_;
  mutable std::mutex mutex_;
  std::array<std::string, 3> why_;  // changed on the loop only, under the mutex
};

}  // namespace oee
