// The checks and numbers of the concrete parts for /health and /readyz. Only the composition root
// knows these parts. Main thread.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "api/app/config/config.h"
#include "api/engine/engine.h"
#include "api/orders/announced_head.h"
#include "api/telemetry/consumer_lag.h"
#include "api/telemetry/health_registry.h"
#include "eventlog/rocks/log.h"
#include "projections/projector.h"
#include "projections/publisher.h"
#include "projections/redis/bus.h"

namespace oee {

// For how long the projector and the publisher have been behind the log. Read on any thread.
class ConsumerLags {
 public:
  ConsumerLags(const RocksLog& log, const Projector& projector, const Publisher& publisher)
      : log_(log), projector_(projector), publisher_(publisher) {}
  // Main thread, every ConsumerLag::sample_every.
  void sample(SteadyTime now);
  const ConsumerLag& of_projector() const { return of_projector_; }
  const ConsumerLag& of_publisher() const { return of_publisher_; }

 private:
  const RocksLog& log_;
  const Projector& projector_;
  const Publisher& publisher_;
  ConsumerLag of_projector_;
  ConsumerLag of_publisher_;
};

// Probes the PostgreSQL from which a gateway reads. Any thread, except start().
class PostgresProbe {
 public:
  // Reads the cursor on `worker`, unless a probe runs already. A connection that hangs shows as a
  // probe that does not end. This object outlives the worker. One thread.
  void start(Worker& worker, OrderQueries& queries, SteadyTime now);
  // Empty: healthy.
  std::string unhealthy_reason(SteadyTime now) const;
  // The last cursor that was read; before the first its log is zero.
  ProjectionCursor projected() const {
    const std::lock_guard lock(mutex_);
    return projected_;
  }

 private:
  static constexpr SteadyTime none{};  // no probe runs

  void finish(const Result<ProjectionCursor>& seen);
  std::atomic<bool> failed_{false};  // the last probe; its error is in the log
  std::atomic<SteadyTime> begun_at_{none};
  mutable std::mutex mutex_;
  ProjectionCursor projected_;
};

// Empty: the log's thread makes progress. Else the disk hangs: the oldest append has been under way
// for some seconds. Any thread.
std::string log_stall_reason(const LogMetrics& metrics);

// Each registers checks and numbers. The references outlive the last reader of the registry.
void add_setup_health(HealthRegistry& health, const Config& config, std::string role);
void add_log_health(HealthRegistry& health, const RocksLog& log);
void add_consumer_health(HealthRegistry& health, const RocksLog& log, const Projector& projector,
                         const Publisher& publisher, const ConsumerLags& lags);
void add_bus_health(HealthRegistry& health, const Bus& bus, const RedisBusMetrics& metrics);
void add_order_health(HealthRegistry& health, const Engine& engine, const Clock& clock);
// `lag`: of the projection behind the announced head.
void add_gateway_health(HealthRegistry& health, const PostgresProbe& probe,
                        const AnnouncedHead& announced, const ConsumerLag& lag, const Clock& clock);

}  // namespace oee
