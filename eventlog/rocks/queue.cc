#include "eventlog/rocks/queue.h"

#include <utility>

namespace oee {

LogQueue::Put LogQueue::put(AppendPtr& append) {
  bool notify = false;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return Put::closed;
    const bool new_order = append->new_order();
    if (new_order && full()) return Put::full;
    depth_.fetch_add(1, std::memory_order_relaxed);
    (new_order ? new_orders_in_ : urgent_in_).push_back(std::move(append));
    notify = std::exchange(waiting_, false);
  }
  if (notify) arrived_.notify_one();
  return Put::taken;
}

bool LogQueue::wait() {
  if (!urgent_.empty() || !new_orders_.empty()) return true;
  std::unique_lock lock(mutex_);
  while (urgent_in_.empty() && new_orders_in_.empty() && !closed_ && !woken_) {
    waiting_ = true;
    arrived_.wait(lock);
  }
  waiting_ = false;
  woken_ = false;
  return !urgent_in_.empty() || !new_orders_in_.empty() || !closed_;
}

void LogQueue::collect() {
  for (auto [in, out] :
       {std::pair(&urgent_in_, &urgent_), std::pair(&new_orders_in_, &new_orders_)}) {
    {
      std::lock_guard lock(mutex_);
      swap_.swap(*in);
    }
    for (auto& append : swap_) out->push_back(std::move(append));
    swap_.clear();
  }
}

void LogQueue::take(std::size_t requests_max, std::size_t bytes_max, std::vector<AppendPtr>& out) {
  collect();
  std::size_t bytes = 0;
  for (auto* list : {&urgent_, &new_orders_}) {
    while (!list->empty() && out.size() < requests_max) {
      const std::size_t size = list->front()->record_bytes();
      if (!out.empty() && bytes + size > bytes_max) break;
      bytes += size;
      out.push_back(std::move(list->front()));
      list->pop_front();
    }
    if (!list->empty()) break;  // events of admitted orders first
  }
  depth_.fetch_sub(out.size(), std::memory_order_relaxed);
}

void LogQueue::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  arrived_.notify_all();
}

void LogQueue::wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  arrived_.notify_all();
}

}  // namespace oee
