// UpdateRing: the newest updates of a contiguous stream, bounded by their number. Batches are
// shared with the other shards' rings, never copied. One thread.
#pragma once

#include <deque>
#include <memory>

#include "core/order/update.h"

namespace oee {

class UpdateRing {
 public:
  explicit UpdateRing(std::size_t updates_max) : updates_max_(updates_max) {}

  // REQUIRES: its first seq is at most end(), or the ring is empty. Of updates already held none is
  // added.
  void add(UpdateBatch batch);
  void clear();

  bool empty() const { return batches_.empty(); }
  // Held: [first(), end()). REQUIRES: !empty().
  Seq first() const { return batches_.front()->front().seq; }
  Seq end() const { return batches_.back()->back().seq + 1; }

  // Calls `take(batch, index)` for each held seq in (after, until], rising, while it returns true.
  // REQUIRES: after + 1 >= first().
  template <class Take>
  void each(Seq after, Seq until, Take take) const;

 private:
  std::deque<UpdateBatch>::const_iterator batch_with(Seq seq) const;
  const std::size_t updates_max_;
  std::size_t updates_ = 0;
  // each contiguous; a later one may begin with seqs of the one before
  std::deque<UpdateBatch> batches_;
};

template <class Take>
void UpdateRing::each(Seq after, Seq until, Take take) const {
  Seq next = after + 1;
  for (auto at = batch_with(next); at != batches_.end() && next <= until; ++at) {
    const std::vector<Update>& updates = **at;
    for (std::size_t i = next - updates.front().seq; i < updates.size() && next <= until; ++i) {
      ++next;
      if (!take(*at, i)) return;
    }
  }
}

}  // namespace oee
