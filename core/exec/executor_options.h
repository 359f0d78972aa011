// ExecutorOptions: the limits and waits of one shard's executor. Fixed for the process.
#pragma once

#include "core/base/time.h"
#include "core/order/decide.h"

namespace oee {

struct ExecutorOptions {
  // Orders that this shard executes at once. 0: it takes orders and executes none.
  std::uint32_t concurrency = 1'000;
  RetryRules retry;
  Micros ask_wait{1'000'000};      // Venue::find() waits this long for an end
  Micros ask_backoff_min{50'000};  // first wait after a call that the venue did not answer
  Micros ask_backoff_max{1'000'000};
};

}  // namespace oee
