// LogProbe: a BlockSink that keeps every block, checks the laws of delivery, and lets a test wait
// for its answers. Deliveries on any thread; the other functions on the test's thread.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "core/seams/event_log.h"

namespace oee::test {

// One append and its answer.
struct Call {
  std::optional<AppendAnswer> answer;
};

class LogProbe final : public BlockSink {
 public:
  void deliver(BlockPtr block, std::vector<Answer> answers) override {
    std::lock_guard lock(mutex_);
    if (block) {
      EXPECT_FALSE(block->records.empty());
      if (!records_.empty()) {
        EXPECT_EQ(block->first, records_.back().seq + 1) << "a block is missing";
      }
      for (const Record& record : block->records) records_.push_back(record);
      blocks_.push_back(block);
    }
    for (auto& answer : answers) {
      // The block comes first: the appended records were delivered before their answer.
      if (answer.result.ok() && !records_.empty()) {
        EXPECT_LE(answer.result->last_seq, records_.back().seq) << "answered before its block";
      }
      auto* call = static_cast<Call*>(answer.ticket);
      EXPECT_FALSE(call->answer) << "answered twice";
      call->answer.emplace(std::move(answer.result));
      ++answered_;
    }
    changed_.notify_all();
  }

  // The returned ticket is valid as long as the probe.
  Call& new_call() {
    std::lock_guard lock(mutex_);
    return calls_.emplace_back();
  }
  // Waits until every call has its answer.
  ::testing::AssertionResult wait_for_all() {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, std::chrono::seconds(60),
                          [this] { return answered_ == calls_.size(); }))
      return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure()
           << answered_ << " of " << calls_.size() << " appends were answered";
  }
  std::size_t answered() {
    std::lock_guard lock(mutex_);
    return answered_;
  }
  std::vector<Record> records() {
    std::lock_guard lock(mutex_);
    return records_;
  }
  std::vector<BlockPtr> blocks() {
    std::lock_guard lock(mutex_);
    return blocks_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> calls_;
  std::size_t answered_ = 0;
  std::vector<Record> records_;
  std::vector<BlockPtr> blocks_;
};

}  // namespace oee::test
