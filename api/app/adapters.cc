#include "api/app/adapters.h"

#include <algorithm>
#include <thread>

#include "api/app/component_options.h"
#include "core/runtime/system_clock.h"
#include "projections/in_process_bus.h"
#include "projections/postgres/adapters.h"
#include "projections/redis/bus.h"

namespace oee {

std::vector<std::unique_ptr<ShardLoop>> make_loops(std::uint32_t shards) {
  std::vector<std::unique_ptr<ShardLoop>> loops;
  for (std::uint32_t i = 0; i < shards; ++i) {
    auto own = std::make_unique<ShardLoop>();
    own->clock = std::make_unique<SystemClock>(own->loop);
    own->entropy = std::make_unique<SystemEntropy>();
    loops.push_back(std::move(own));
  }
  return loops;
}

Result<std::unique_ptr<Bus>> make_bus(const Config& config, const LogIdentity& log_id,
                                      const std::shared_ptr<RedisBusMetrics>& metrics) {
  if (config.redis_url.empty()) return std::unique_ptr<Bus>(std::make_unique<InProcessBus>());
  RedisBusOptions options;
  options.url = config.redis_url;
  options.prefix = config.redis_prefix;
  options.publish = config.role == Role::all;
  options.log_id = log_id;
  options.metrics = metrics;
  return make_redis_bus(options);
}

std::size_t query_threads(const Config& config) {
  return config.postgres_url.empty() ? 1 : 4;
}

std::size_t history_threads(const Config& config) {
  constexpr std::size_t threads_max = 4;
  if (config.role == Role::gateway) return threads_max;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, threads_max);
}

std::size_t backfill_threads(const Config& config) {
  return config.role == Role::gateway ? 2 : 1;
}

Result<ReadSide> open_read_side(const Config& config, const LogIdentity& log_id) {
  ReadSide side;
  if (config.postgres_url.empty()) {
    OEE_TRY_ASSIGN(side.embedded, EmbeddedReadModel::open(config.data_dir / "read_model", log_id));
    side.model = side.embedded.get();
    side.queries = side.embedded.get();
  } else {
    side.postgres_model = make_postgres_read_model(postgres_options(config));
    side.postgres_queries = make_postgres_queries(postgres_options(config));
    side.model = side.postgres_model.get();
    side.queries = side.postgres_queries.get();
  }
  return side;
}

}  // namespace oee
