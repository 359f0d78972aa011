// What /health and /readyz say about the concrete parts that only the composition root knows. Main
// thread.
#pragma once

#include <atomic>
#include <string>

#include "api/app/config.h"
#include "api/engine/engine.h"
#include "api/telemetry/consumer_lag.h"
#include "api/telemetry/health_registry.h"
#include "eventlog/rocks/log.h"
#include "projections/projector.h"
#include "projections/publisher.h"
#include "projections/redis/bus.h"

namespace oee {

// How long the log's consumers have been behind it.
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

// A gateway's look at the PostgreSQL that it reads everything from. Any thread.
class GatewayReads {
 public:
  static constexpr SteadyTime none{};  // no look is under way

  // Asks `queries` on the thread that owns it, unless it is asked already: what hangs shows as a
  // look that is not over. This object outlives the worker. One thread.
  void look(Worker& worker, OrderQueries& queries, SteadyTime now);
  std::string unhealthy_reason(SteadyTime now) const;
  Seq projected() const { return projected_.load(std::memory_order_relaxed); }

 private:
  void end_look(const Result<ProjectionCursor>& seen);
  std::atomic<bool> failed_{false};  // the last look; why is in the operator's log
  std::atomic<SteadyTime> begun_at_{none};
  std::atomic<Seq> projected_{0};
};

// Each registers checks and figures; what they refer to outlives the board's last reader.
void add_setup_health(HealthBoard& health, const Config& config, std::string role);
void add_log_health(HealthBoard& health, const RocksLog& log);
void add_consumer_health(HealthBoard& health, const RocksLog& log, const Projector& projector,
                         const Publisher& publisher, const ConsumerLags& lags);
void add_bus_health(HealthBoard& health, const Bus& bus, const RedisBusStats& stats);
void add_order_health(HealthBoard& health, const Engine& engine, const Clock& clock);
void add_gateway_health(HealthBoard& health, const GatewayReads& reads, const Clock& clock);

}  // namespace oee
