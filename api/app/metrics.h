// Which part is read for which metric of /metrics: what only the composition root knows. Main
// thread, before the engine serves; what they refer to outlives the last scrape.
#pragma once

#include <string>

#include "api/app/health.h"
#include "api/engine/engine.h"
#include "api/telemetry/metrics_registry.h"

namespace oee {

void add_process_metrics(Metrics& metrics, const HealthBoard& health, std::string role);
void add_log_metrics(Metrics& metrics, const RocksLog& log);
void add_consumer_metrics(Metrics& metrics, const RocksLog& log, const Projector& projector,
                          const Publisher& publisher, const ConsumerLags& lags);
void add_redis_metrics(Metrics& metrics, const Bus& bus, const RedisBusStats& stats);
// `unhealthy_reason`: empty while PostgreSQL is well. Any thread.
void add_postgres_metrics(Metrics& metrics, std::function<std::string()> unhealthy_reason);
// The dead letters of the read model, asked on the thread that owns `queries`.
void add_dead_letter_metrics(Metrics& metrics, Worker& queries_worker, OrderQueries& queries);
// Requests, streams and sockets of every shard; orders and venues when it is no gateway.
void add_engine_metrics(Metrics& metrics, const Engine& engine, const Clock& clock);

}  // namespace oee
