// ProjectorMetrics: what a projector measures since the start. Its thread writes; any thread reads.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/order/ids.h"

namespace oee {

struct ProjectorMetrics {
  std::atomic<Seq> applied{0};            // last seq that the read model has applied
  std::atomic<std::uint64_t> batches{0};  // batches applied
  std::atomic<std::uint64_t> retries{0};  // batches tried again after an error
};

}  // namespace oee
