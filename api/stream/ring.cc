#include "api/stream/ring.h"

#include <algorithm>

#include "core/base/check.h"

namespace oee {

void UpdateRing::add(UpdateBatch batch) {
  check(!batch->empty(), "UpdateRing::add: empty batch");
  check(empty() || batch->front().seq <= end(), "UpdateRing::add: a gap");
  if (!empty() && batch->back().seq < end()) return;
  updates_ += batch->size();
  batches_.push_back(std::move(batch));
  while (updates_ > updates_max_ && batches_.size() > 1) {
    updates_ -= batches_.front()->size();
    batches_.pop_front();
  }
}

void UpdateRing::clear() {
  batches_.clear();
  updates_ = 0;
}

// The first batch whose last seq is not before `seq`.
std::deque<UpdateBatch>::const_iterator UpdateRing::batch_with(Seq seq) const {
  return std::partition_point(batches_.begin(), batches_.end(),
                              [seq](const UpdateBatch& batch) { return batch->back().seq < seq; });
}

}  // namespace oee
