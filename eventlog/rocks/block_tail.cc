#include "eventlog/rocks/block_tail.h"

#include <algorithm>
#include <utility>

namespace oee {
namespace {
// A longer wait overflows the clock.
constexpr std::chrono::milliseconds wait_max = std::chrono::hours(24);
}  // namespace

void BlockTail::publish(BlockPtr block, std::size_t bytes) {
  std::vector<Kept> excess;  // freed after the lock is released: no reader waits for it
  {
    std::lock_guard lock(mutex_);
    check(block->first == durable_head() + 1, "BlockTail::publish: blocks must be consecutive");
    durable_head_.store(block->end() - 1, std::memory_order_release);
    head_hash_ = block->records.back().hash;
    records_ += block->records.size();
    bytes_ += bytes;
    blocks_.push_back({std::move(block), bytes});
    take_excess(2, excess);
  }
  published_.notify_all();
}

void BlockTail::trim() {
  std::vector<Kept> excess;
  std::lock_guard lock(mutex_);
  take_excess(1, excess);
}

void BlockTail::take_excess(std::size_t factor, std::vector<Kept>& out) {
  while (blocks_.size() > 1 && (records_ > factor * records_max_ || bytes_ > factor * bytes_max_)) {
    records_ -= blocks_.front().block->records.size();
    bytes_ -= blocks_.front().bytes;
    out.push_back(std::move(blocks_.front()));
    blocks_.pop_front();
  }
}

LogHead BlockTail::head() const {
  std::lock_guard lock(mutex_);
  return {durable_head(), head_hash_};
}

BlockPtr BlockTail::find(Seq seq) const {
  std::lock_guard lock(mutex_);
  if (blocks_.empty() || seq < blocks_.front().block->first || seq > durable_head()) return nullptr;
  const auto after =
      std::upper_bound(blocks_.begin(), blocks_.end(), seq,
                       [](Seq wanted, const Kept& kept) { return wanted < kept.block->first; });
  return std::prev(after)->block;
}

Seq BlockTail::first() const {
  std::lock_guard lock(mutex_);
  return blocks_.empty() ? durable_head() + 1 : blocks_.front().block->first;
}

Seq BlockTail::wait_past(Seq seq, std::chrono::milliseconds wait) {
  if (wait.count() > 0 && durable_head() <= seq) {
    std::unique_lock lock(mutex_);
    published_.wait_for(lock, std::min(wait, wait_max),
                        [&] { return closed_ || durable_head() > seq; });
  }
  return durable_head();
}

void BlockTail::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  published_.notify_all();
}

}  // namespace oee
