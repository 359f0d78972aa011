// RedisStatus: the reason that Bus::unhealthy_reason() returns for Redis. The bus's loop writes it,
// any thread reads it. Each change is logged once, not each attempt.
#pragma once

#include <array>
#include <mutex>
#include <string>

#include "core/base/log.h"

namespace oee {

class RedisStatus {
 public:
  enum class Side : std::uint8_t { publish, subscribe, foreign_log };

  // `name`: as redis_name() returns it.
  explicit RedisStatus(std::string name) : name_(std::move(name)) {}

  // Before the threads start.
  void set_connecting(Side side) { why_[index(side)] = "connecting"; }
  void set_unhealthy(Side side, const std::string& why) {
    std::string& reason = why_[index(side)];
    if (reason == why) return;
    {
      std::lock_guard lock(mutex_);
      reason = why;
    }
    log::warn("the Redis stream is unhealthy; streams are read from the history",
              log::field("redis", name_), log::field("why", why));
  }
  void set_healthy(Side side) {
    std::string& reason = why_[index(side)];
    if (reason.empty()) return;
    {
      std::lock_guard lock(mutex_);
      reason.clear();
    }
    log::info("the Redis stream is healthy", log::field("redis", name_));
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
