// StreamMetrics: the metrics of one shard's live stream. The loop's thread writes; any thread
// reads.
#pragma once

#include <atomic>

#include "core/base/metrics.h"
#include "core/order/ids.h"

namespace oee {

struct StreamMetrics {
  std::atomic<Seq> position{0};  // last seq handed to subscribers
  Count subscribers;             // now
  Count lost;                    // subscriptions ended because the stream could not continue
  Count ignored;                 // heads and updates ahead of the log that nothing confirmed
};

}  // namespace oee
