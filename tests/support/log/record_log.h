// RecordLog: an EventLog made of given records, for tests of the log's readers. The test sets its
// durable head, also back. Nothing can be appended. One thread writes, others may read.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "core/seams/event_log.h"

namespace oee::test {

class RecordLog final : public EventLog {
 public:
  explicit RecordLog(std::vector<Record> records, std::size_t block_records = 100)
      : records_(std::move(records)), block_records_(block_records), head_(records_.size()) {}

  void add(std::vector<Record> records) {
    const std::lock_guard lock(mutex_);
    for (Record& record : records) records_.push_back(std::move(record));
    head_ = records_.size();
  }
  void set_durable_head(Seq head) {
    const std::lock_guard lock(mutex_);
    head_ = head;
  }
  std::vector<Record> records_to(Seq last) const {
    const std::lock_guard lock(mutex_);
    return {records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(last)};
  }
  Seq durable_head() const {
    const std::lock_guard lock(mutex_);
    return head_;
  }
  std::size_t order_reads() const {
    const std::lock_guard lock(mutex_);
    return order_reads_;
  }

  void append(AppendRequest, BlockSink& origin, void* ticket) override {
    std::vector<Answer> answers;
    answers.push_back({ticket, Error{Errc::closed, "a RecordLog takes no appends"}});
    origin.deliver(nullptr, std::move(answers));
  }
  // Returns whole blocks, which may begin before `from`, as a real log does.
  Result<BlockPtr> read(Seq from, std::size_t) override {
    const std::lock_guard lock(mutex_);
    auto block = std::make_shared<Block>();
    block->first = from;
    if (from > head_ || from == 0) return BlockPtr(block);
    block->first = (from - 1) / block_records_ * block_records_ + 1;
    for (Seq seq = block->first; seq <= head_ && block->records.size() < block_records_; ++seq)
      block->records.push_back(records_[seq - 1]);
    return BlockPtr(block);
  }
  Result<std::vector<Record>> read_order(const OrderId& id) override {
    const std::lock_guard lock(mutex_);
    ++order_reads_;
    std::vector<Record> found;
    for (Seq seq = 1; seq <= head_; ++seq)
      if (records_[seq - 1].order_id == id) found.push_back(records_[seq - 1]);
    return found;
  }
  Seq wait_past(Seq, std::chrono::milliseconds) override { return durable_head(); }
  OpenOrderHint load_hint() override { return {}; }
  void store_hint(OpenOrderHint) override {}

 private:
  mutable std::mutex mutex_;
  std::vector<Record> records_;
  const std::size_t block_records_;
  Seq head_;
  std::size_t order_reads_ = 0;
};

}  // namespace oee::test
