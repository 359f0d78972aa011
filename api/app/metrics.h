// Registers the collectors of /metrics. Only the composition root knows which part has which
// metric. Main thread, before the engine serves. The references outlive the last scrape.
#pragma once

#include <functional>
#include <string>

#include "api/app/health.h"
#include "api/engine/engine.h"
#include "api/telemetry/metrics_registry.h"

namespace oee {

void add_process_metrics(MetricsRegistry& registry, const HealthRegistry& health, std::string role);
void add_log_metrics(MetricsRegistry& registry, const RocksLog& log);
void add_consumer_metrics(MetricsRegistry& registry, const RocksLog& log,
                          const Projector& projector, const Publisher& publisher,
                          const ConsumerLags& lags);
// Redis and PostgreSQL, those that are configured. `postgres_unhealthy_reason` is called on any
// thread; empty: PostgreSQL is healthy.
void add_server_metrics(MetricsRegistry& registry, const Config& config, const Bus& bus,
                        const RedisBusMetrics& bus_metrics,
                        std::function<std::string()> postgres_unhealthy_reason);
// Of the access log, when there is one.
void add_access_log_metrics(MetricsRegistry& registry, const RequestLog& request_log);
// The open dead letters of the read model, read on `queries_worker`.
void add_dead_letter_metrics(MetricsRegistry& registry, Worker& queries_worker,
                             OrderQueries& queries);
// Requests, streams and sockets of all shards; orders and venues too, except on a gateway.
void add_engine_metrics(MetricsRegistry& registry, const Engine& engine, const Clock& clock);

}  // namespace oee
