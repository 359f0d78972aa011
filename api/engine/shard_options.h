// The seams and the options of one shard. Filled in before the shard is built.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/access/access_list.h"
#include "api/access/rate_limiter.h"
#include "api/access/stream_tickets.h"
#include "api/dialects/dialect_set.h"
#include "api/push/stream_buffers.h"
#include "api/push/ws_limits.h"
#include "api/rest/setting.h"
#include "api/stream/options.h"
#include "api/telemetry/metrics_registry.h"
#include "core/exec/executor_options.h"
#include "core/runtime/loop.h"
#include "core/runtime/worker.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"
#include "core/seams/event_log.h"
#include "core/seams/read_model.h"
#include "core/seams/venue.h"
#include "core/venue/routes/pool_source.h"

namespace oee {

class AnnouncedHead;
class MarketControl;
class RequestLog;
class RiskControl;
struct ShardOrders;

// The seams and workers of one shard. References outlive it.
struct ShardSeams {
  Loop& loop;
  Clock& clock;
  Entropy& entropy;
  OrderHistory& history;
  Worker& history_worker;   // reads for REST
  Worker& backfill_worker;  // reads for streams
  OrderQueries& queries;
  Worker& queries_worker;
  EventLog* log = nullptr;          // null on a gateway
  Worker* writes_worker = nullptr;  // the reads of the log that writes need; null on a gateway
  const AnnouncedHead* announced = nullptr;  // of a gateway's bus; null: not waited for
  std::vector<Venue*> venues = {};           // empty on a gateway
  PoolSource* pools = nullptr;               // of the venues; null: no paths of several pools
  MarketControl* market = nullptr;           // of the venues, for tests; null on a gateway
  // Of every shard, by its number. EngineParts sets it and fills it in; unused on a gateway.
  const std::vector<ShardOrders>* open_orders = nullptr;
  MetricsRegistry* metrics = nullptr;  // content of GET /metrics; null: the route answers 404
  const RiskControl* risk = nullptr;   // content of GET /v1/risk; null: the route answers 404
};

struct ShardOptions {
  std::uint32_t shard = 0;  // its number, from 0
  std::uint32_t shards = 1;
  ExecutorOptions executor;
  StreamOptions stream;
  WsLimits websocket;
  std::vector<std::string> allowed_origins;
  std::shared_ptr<const AccessList> access_list;  // null: open to everybody
  RateLimiter* rate_limiter = nullptr;            // null: no limit
  TicketTable* tickets = nullptr;                 // null: POST /v1/stream-tickets answers 404
  StreamBudget* stream_budget = nullptr;          // null: no limit
  bool test_endpoints = false;
  DialectSet dialects = DialectSet::all();
  std::string quote_key = {};         // of QuoteIds; the same for every shard
  std::vector<Setting> settings;      // shown by GET /v1/config
  RequestLog* request_log = nullptr;  // null: requests are not logged
};

}  // namespace oee
