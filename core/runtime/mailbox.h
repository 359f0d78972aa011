// Mailbox<T>: many threads put items, one loop takes them. The loop wakes once per burst, not once
// per item.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "core/runtime/loop.h"

namespace oee {

template <class T>
class Mailbox {
 public:
  // `on_items` runs on the loop with all items that have arrived, in order.
  Mailbox(Loop& loop, std::function<void(std::vector<T>)> on_items)
      : loop_(loop), on_items_(std::move(on_items)) {}
  Mailbox(const Mailbox&) = delete;

  // Any thread. REQUIRES: the mailbox outlives the loop's last run.
  void put(T item) {
    {
      std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
      if (items_.size() > 1) return;  // a wake-up is posted already
    }
    post(loop_, [this] { take(); });
  }

 private:
  void take() {
    std::vector<T> items;
    {
      std::lock_guard lock(mutex_);
      items.swap(items_);
    }
    on_items_(std::move(items));
  }
  Loop& loop_;
  std::function<void(std::vector<T>)> on_items_;
  std::mutex mutex_;
  std::vector<T> items_;
};

}  // namespace oee
