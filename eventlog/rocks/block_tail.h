// BlockTail: the newest blocks, kept in memory for readers, and the durable end with its waiters.
// The log's thread publishes; any thread reads. What readers hold stays alive when it leaves the
// tail.
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

  // Log's thread. `block` is durable and follows the last one; `bytes` is its size as stored.
  void publish(BlockPtr block, std::size_t bytes);
  // The last durable seq.
  Seq durable_head() const { return durable_head_.load(std::memory_order_acquire); }
  // That seq with its hash.
  LogHead head() const;
  // The block that holds `seq`; null when it is not in memory (any more).
  BlockPtr find(Seq seq) const;
  // First seq in memory; durable_head() + 1 when there is none.
  Seq first() const;
  // See EventLog::wait_past().
  Seq wait_past(Seq seq, std::chrono::milliseconds wait);
  // Ends all waits, now and later.
  void close();
  // Lets go of what is beyond the maxima. Called away from the log's thread: freeing 1,000 records
  // takes about 0.1 ms that no commit should wait for. publish() does it itself beyond twice the
  // maxima.
  void trim();

 private:
  struct Kept {
    BlockPtr block;
    std::size_t bytes;
  };
  // REQUIRES: mutex_. Moves what is beyond `factor` times the maxima to `out`.
  void take_excess(std::size_t factor, std::vector<Kept>& out);

  mutable std::mutex mutex_;
  std::condition_variable published_;
  std::deque<Kept> blocks_;
  std::size_t records_ = 0;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  Hash256 head_hash_;  // of the record durable_head_
  std::atomic<Seq> durable_head_;
  const std::size_t records_max_;
  const std::size_t bytes_max_;
};

}  // namespace oee
