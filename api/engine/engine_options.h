// The seams and the options of an engine or a gateway. Made by the composition root before the
// engine is built. Main thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/access/access_list.h"
#include "api/access/rate_limiter.h"
#include "api/dialects/dialect_set.h"
#include "api/http/message.h"
#include "api/push/ws_limits.h"
#include "api/rest/setting.h"
#include "api/stream/options.h"
#include "api/telemetry/metrics_registry.h"
#include "core/exec/executor_options.h"
#include "core/risk/limits.h"
#include "core/runtime/loop.h"
#include "core/runtime/worker.h"
#include "core/seams/bus.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"
#include "core/seams/event_log.h"
#include "core/seams/read_model.h"
#include "core/seams/venue.h"
#include "core/venue/market_control.h"
#include "core/venue/routes/pool_source.h"

namespace oee {

class AnnouncedHead;

class RequestLog;
class RiskControl;

struct EngineOptions {
  std::string listen_host;
  std::uint16_t listen_port = 0;
  HttpLimits http;
  std::uint32_t shards = 1;
  std::uint64_t open_orders_max = 100'000;
  ExecutorOptions executor;  // its limits are the sums over all shards
  StreamOptions stream;
  WsLimits websocket;
  std::vector<std::string> allowed_origins;
  std::shared_ptr<const AccessList> access_list;  // null: open to everybody
  std::shared_ptr<TlsContext> tls;                // null: plain
  RateLimit rate_limit;
  std::uint64_t stream_buffer_bytes_max = 512 << 20;  // of all streams together
  bool test_endpoints = false;
  DialectSet dialects = DialectSet::all();
  std::vector<Setting> settings;      // shown by GET /v1/config
  RequestLog* request_log = nullptr;  // outlives the engine; null: requests are not logged
  Micros hint_every{10'000'000};
  std::string halt_at_start;   // see EnginePartsContext
  RiskLimits limits_at_start;  // the same
  // A stop may take 10 s. Parts of it: for the orders in hand, then for closing the sockets.
  std::chrono::seconds drain_max{5};
  std::chrono::seconds close_max{3};
};

// The loop, clock and venues of one shard, made by the composition root.
struct ShardLoop {
  Loop loop{1};
  std::unique_ptr<Clock> clock;
  std::unique_ptr<Entropy> entropy;
  std::vector<std::unique_ptr<Venue>> venues;
  std::unique_ptr<PoolSource> pools;      // of the venues; null on a gateway
  std::unique_ptr<MarketControl> market;  // of the venues, for tests; null on a gateway
};

// References outlive the engine.
struct EngineSeams {
  std::vector<std::unique_ptr<ShardLoop>>& loops;  // options.shards of them
  OrderHistory& history;
  Worker& history_worker;   // reads for REST
  Worker& backfill_worker;  // reads for streams
  OrderQueries& queries;
  Worker& queries_worker;
  Bus& bus;
  EventLog* log = nullptr;          // null on a gateway
  Worker* writes_worker = nullptr;  // the reads of the log that writes need; null on a gateway
  const AnnouncedHead* announced = nullptr;  // see ShardSeams
  // See EnginePartsContext.
  std::function<void(std::span<BlockSink* const>)> start_log = {};
  std::function<Result<ProjectionCursor>()> stream_position;
  std::function<void()> on_halted = {};  // see EnginePartsContext
  MetricsRegistry* metrics = nullptr;    // content of GET /metrics; null: the route answers 404
  RiskControl* risk = nullptr;           // the limits of `log`; null: there are none
};

}  // namespace oee
