// LogQueue: the appends that wait for the log's thread. Events of admitted orders overtake new
// orders and are never refused; new orders are refused when half the maximum is queued. Any thread
// puts; the log's thread takes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "eventlog/sequencer.h"

namespace oee {

using AppendPtr = std::unique_ptr<PendingAppend>;

class LogQueue {
 public:
  // `depth` counts the appends that are queued and not yet taken into a batch.
  LogQueue(std::size_t requests_max, std::atomic<std::size_t>& depth)
      : requests_max_(requests_max), depth_(depth) {}

  enum class Put { taken, full, closed };
  // `append` is moved from only when taken.
  Put put(AppendPtr& append);
  // True when a new order would be refused now. An early check that saves the cost of encoding;
  // put() decides.
  bool full() const { return depth_.load(std::memory_order_relaxed) >= requests_max_ / 2; }

  // Log's thread. Waits until there are appends, or until close() or wake() is called.
  // Returns false when the queue is closed and nothing is left.
  bool wait();
  // Moves the next batch to `out`: at most `requests_max` appends and about `bytes_max` record
  // bytes; at least one append unless the queue is empty.
  void take(std::size_t requests_max, std::size_t bytes_max, std::vector<AppendPtr>& out);

  void close();  // put() refuses from then on; queued appends stay until they are taken
  void wake();

 private:
  // Moves all arrived appends to the log thread's own lists; the lock is held for a swap only.
  void collect();

  const std::size_t requests_max_;
  std::atomic<std::size_t>& depth_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<AppendPtr> urgent_in_;
  std::vector<AppendPtr> new_orders_in_;
  bool closed_ = false;
  bool woken_ = false;
  bool waiting_ = false;
  // Log's thread.
  std::vector<AppendPtr> swap_;
  std::deque<AppendPtr> urgent_;
  std::deque<AppendPtr> new_orders_;
};

}  // namespace oee
