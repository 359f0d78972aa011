// What /health and /readyz say about the concrete parts that only the composition root knows. Main
// thread.
#pragma once

#include "api/engine.h"
#include "api/health_board.h"
#include "eventlog/rocks_log.h"
#include "projections/projector.h"
#include "projections/publisher.h"

namespace oee {

// Each registers checks and figures; what they refer to outlives the board's last reader.
void add_log_health(HealthBoard& health, const RocksLog& log);
void add_consumer_health(HealthBoard& health, const RocksLog& log, const Projector& projector,
                         const Publisher& publisher, const Bus& bus);
void add_order_health(HealthBoard& health, const Engine& engine, const Clock& clock);

}  // namespace oee
