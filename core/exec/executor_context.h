// ExecutorContext: the parts of a shard that its executor works with. References outlive the
// executor. Filled by designated initialisers.
#pragma once

#include <vector>

#include "core/exec/appender.h"
#include "core/exec/open_orders.h"
#include "core/runtime/loop.h"
#include "core/runtime/worker.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"
#include "core/seams/event_log.h"
#include "core/seams/venue.h"
#include "core/venue/routes/pool_source.h"

namespace oee {

struct ExecutorContext {
  OpenOrders& orders;
  EventLog& log;
  Appender& appender;
  Loop& loop;
  Clock& clock;
  Entropy& entropy;
  Worker& read;                 // runs blocking log reads: the fold of a requeued order
  std::vector<Venue*> venues;   // in the configured order
  PoolSource* pools = nullptr;  // of these venues; null: no order trades along a path
};

}  // namespace oee
