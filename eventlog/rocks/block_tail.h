// BlockTail: the newest blocks, kept in memory for readers, and the durable head with the threads
// that wait for it. The log's thread publishes; any thread reads. A block that leaves the tail
// stays valid for the readers that hold it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "core/seams/event_log.h"
#include "eventlog/log_head.h"

namespace oee {

class BlockTail {
 public:
  // Keeps at least the newest block and about `records_max` records or `bytes_max` record bytes.
  BlockTail(const LogHead& head, std::size_t records_max, std::size_t bytes_max)
      : head_hash_(head.hash),
        durable_head_(head.seq),
        records_max_(records_max),
        bytes_max_(bytes_max) {}

  // Log's thread. `block` is durable and follows the last one; `bytes` is its stored size.
  void publish(BlockPtr block, std::size_t bytes);
  // The last durable seq; 0 when there is none.
  Seq durable_head() const { return durable_head_.load(std::memory_order_acquire); }
  // durable_head() with its chain hash.
  LogHead head() const;
  // The block that holds `seq`; null when no such block is in memory.
  BlockPtr find(Seq seq) const;
  // The first seq in memory; durable_head() + 1 when no block is.
  Seq first() const;
  // See EventLog::wait_past().
  Seq wait_past(Seq seq, std::chrono::milliseconds wait);
  // Ends all waits, now and later.
  void close();
  // Removes the oldest blocks that exceed the maxima. Not called on the log's thread: freeing 1,000
  // records takes about 0.1 ms, and no commit should wait for it. publish() removes blocks only
  // when twice the maxima are exceeded.
  void trim();

 private:
  struct Kept {
    BlockPtr block;
    std::size_t bytes;
  };
  // REQUIRES: mutex_ is held. Moves the oldest blocks to `out` until the rest is within `factor`
  // times the maxima.
  void take_excess(std::size_t factor, std::vector<Kept>& out);

  mutable std::mutex mutex_;
  std::condition_variable published_;
  std::deque<Kept> blocks_;
  std::size_t records_ = 0;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  Hash256 head_hash_;  // chain hash of record durable_head_
  std::atomic<Seq> durable_head_;
  const std::size_t records_max_;
  const std::size_t bytes_max_;
};

}  // namespace oee
