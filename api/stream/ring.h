// UpdateRing: the newest updates of a contiguous stream, limited by their number. Batches are
// shared with the other shards' rings, not copied. Owned by a StreamHub; one thread.
#pragma once

#include <deque>
#include <memory>

#include "core/order/update.h"

namespace oee {

class UpdateRing {
 public:
  explicit UpdateRing(std::size_t updates_max) : updates_max_(updates_max) {}

  // A batch whose updates are all in the ring already is ignored. REQUIRES: the batch is not empty;
  // its first seq is at most end(), or the ring is empty.
  void add(UpdateBatch batch);
  void clear();

  bool empty() const { return batches_.empty(); }
  // The ring holds the seqs [first(), end()). REQUIRES: !empty().
  Seq first() const { return batches_.front()->front().seq; }
  Seq end() const { return batches_.back()->back().seq + 1; }

  // Calls `take(batch, index)` for each seq of the ring in (after, until], rising, until it returns
  // false.
  // REQUIRES: after + 1 >= first().
  template <class Take>
  void each(Seq after, Seq until, Take take) const;

 private:
  std::deque<UpdateBatch>::const_iterator batch_with(Seq seq) const;
  const std::size_t updates_max_;
  std::size_t updates_ = 0;
  // Each batch is contiguous. A batch may begin with seqs that the one before it has too.
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
