// CollectingSink: stores every delivery of a Bus; a test waits for the deliveries that it expects.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/seams/bus.h"

namespace oee::test {

class CollectingSink final : public UpdateSink {
 public:
  void on_updates(UpdateBatch batch) override {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 1; i < batch->size(); ++i)
      if ((*batch)[i].seq != (*batch)[i - 1].seq + 1) contiguous_batches_ = false;
    updates_.insert(updates_.end(), batch->begin(), batch->end());
    ++calls_;
    changed_.notify_all();
  }
  void on_head(const LogIdentity& log_id, Seq head) override {
    std::lock_guard lock(mutex_);
    heads_.emplace_back(log_id, head);
    ++calls_;
    changed_.notify_all();
  }

  bool wants_updates() const override { return wants_; }
  void want_updates(bool wants) { wants_ = wants; }

  bool wait_updates(std::size_t count, std::chrono::milliseconds wait = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, wait, [&] { return updates_.size() >= count; });
  }
  bool wait_head(const LogIdentity& log_id, Seq head,
                 std::chrono::milliseconds wait = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(
        lock, wait, [&] { return !heads_.empty() && heads_.back() == std::pair(log_id, head); });
  }
  std::vector<Update> updates() const {
    std::lock_guard lock(mutex_);
    return updates_;
  }
  std::vector<std::pair<LogIdentity, Seq>> heads() const {
    std::lock_guard lock(mutex_);
    return heads_;
  }
  std::size_t calls() const {
    std::lock_guard lock(mutex_);
    return calls_;
  }
  bool contiguous_batches() const {
    std::lock_guard lock(mutex_);
    return contiguous_batches_;
  }

 private:
  std::atomic<bool> wants_{true};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Update> updates_;
  std::vector<std::pair<LogIdentity, Seq>> heads_;
  std::size_t calls_ = 0;
  bool contiguous_batches_ = true;
};

// Polls `holds` until it returns true; returns false after `wait`.
template <class Condition>
bool eventually(Condition holds, std::chrono::milliseconds wait = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace oee::test
