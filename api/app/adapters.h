// Makes the concrete adapters that the configuration selects. Main thread.
#pragma once

#include <memory>
#include <vector>

#include "api/app/config/config.h"
#include "api/engine/engine.h"
#include "core/seams/bus.h"
#include "core/seams/read_model.h"
#include "projections/embedded/read_model.h"
#include "projections/redis/metrics.h"

namespace oee {

// One loop with clock and entropy for each shard, without venues.
std::vector<std::unique_ptr<ShardLoop>> make_loops(std::uint32_t shards);

// invalid: the Redis URL. A server that is down is not an error.
Result<std::unique_ptr<Bus>> make_bus(const Config& config, const LogIdentity& log_id,
                                      const std::shared_ptr<RedisBusMetrics>& metrics);

// The read model and its queries: one embedded object, or two that connect to PostgreSQL.
struct ReadSide {
  std::unique_ptr<EmbeddedReadModel> embedded;
  std::unique_ptr<ReadModel> postgres_model;
  std::unique_ptr<OrderQueries> postgres_queries;
  ReadModel* model = nullptr;
  OrderQueries* queries = nullptr;
};

// The threads that query the read model: several with PostgreSQL, each with a connection, so that a
// slow query delays few others. The embedded model answers from memory.
std::size_t query_threads(const Config& config);

// The threads that read the history for REST: several, so that a long page of events delays few
// other reads. On an engine more threads than cores would read no faster. On a gateway each has a
// connection to PostgreSQL.
std::size_t history_threads(const Config& config);
// The threads that read the history for streams. On an engine one: it reads about as fast as a
// shard sends, so that resuming streams do not fill the shards' loops.
std::size_t backfill_threads(const Config& config);

// Errors: as EmbeddedReadModel::open. A PostgreSQL that is down is not an error.
Result<ReadSide> open_read_side(const Config& config, const LogIdentity& log_id);

}  // namespace oee
