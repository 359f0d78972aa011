// The concrete parts of an engine and a gateway, each made of the configuration. Main thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "api/app/config.h"
#include "api/engine/engine.h"
#include "core/venue/paper/venue.h"
#include "eventlog/rocks/log.h"
#include "projections/embedded/read_model.h"
#include "projections/postgres/postgres.h"
#include "projections/projector.h"
#include "projections/redis/bus.h"

namespace oee {

using OnFailStop = std::function<void(const Error& why)>;

// invalid: what is wrong in which file.
Result<TokenRegistry> load_tokens(const Config& config);
Result<EngineOptions> engine_options(const Config& config);

RocksLogOptions log_options(const Config& config, OnFailStop on_fail_stop);
PaperOptions paper_options(const Config& config);
ProjectorOptions projector_options(const Config& config, OnFailStop on_fail_stop);
PostgresOptions postgres_options(const Config& config);

// As operators are told them.
std::string_view read_model_name(const Config& config);
std::string_view bus_name(const Config& config);

std::vector<std::unique_ptr<ShardLoop>> make_loops(std::uint32_t shards);
// invalid: the Redis URL. A server that is away is no error.
Result<std::unique_ptr<Bus>> make_bus(const Config& config, const LogId& log_id,
                                      const std::shared_ptr<RedisBusStats>& stats);

// The projections as configured: one embedded object with two faces, or two PostgreSQL connections.
struct ReadSide {
  std::unique_ptr<EmbeddedReadModel> embedded;
  std::unique_ptr<ReadModel> postgres_model;
  std::unique_ptr<OrderQueries> postgres_queries;
  ReadModel* model = nullptr;
  OrderQueries* queries = nullptr;
};

Result<ReadSide> open_read_side(const Config& config, const LogId& log_id);

}  // namespace oee
