// FailStop: keeps the first error that stopped the log for good. Any thread.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

#include "core/base/result.h"

namespace oee {

class FailStop {
 public:
  // `wake` is called once, on the thread that met the error; it wakes the log's thread.
  explicit FailStop(std::function<void()> wake) : wake_(std::move(wake)) {}

  void raise(const Error& why) {
    {
      std::lock_guard lock(mutex_);
      if (raised_.load(std::memory_order_relaxed)) return;
      why_ = why;
      raised_.store(true, std::memory_order_release);
    }
    wake_();
  }
  bool raised() const { return raised_.load(std::memory_order_acquire); }
  // REQUIRES: raised().
  Error why() const {
    std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::atomic<bool> raised_{false};
  Error why_{Errc::io, ""};
};

}  // namespace oee
