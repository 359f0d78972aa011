// Shard: everything that one event loop owns, wired over given seams: its sessions, its part of the
// open orders, their executor, its live stream. Built and destroyed on the main thread while the
// loop does not run (or runs nothing of it); all else on the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "api/orders/orders.h"
#include "api/push/ws_session.h"
#include "api/rest/routes.h"
#include "api/stream/hub.h"
#include "api/telemetry/metrics_registry.h"
#include "core/exec/executor.h"

namespace oee {

// What a shard is built over. References outlive it.
struct ShardSeams {
  Loop& loop;
  Clock& clock;
  Entropy& entropy;
  OrderHistory& history;
  Worker& history_worker;
  OrderQueries& queries;
  Worker& queries_worker;
  EventLog* log = nullptr;     // null on a gateway
  std::vector<Venue*> venues;  // empty on a gateway
  Metrics* metrics = nullptr;  // what GET /metrics answers; null: nothing
};

struct ShardOptions {
  std::uint32_t shard = 0;
  std::uint32_t shards = 1;
  ExecutorOptions executor;
  StreamOptions stream;
  WsLimits websocket;
  std::vector<std::string> allowed_origins;
  std::shared_ptr<const AccessList> access_list;  // null: open to everybody
  RateLimiter* rate_limiter = nullptr;            // null: no limit
  bool test_endpoints = false;
  std::vector<Setting> settings;  // as GET /v1/config shows them
};

class Shard {
 public:
  Shard(ShardSeams seams, ShardOptions options, const Admission& admission, const Health& health,
        const TokenRegistry& tokens);

  bool is_gateway() const { return !writing_; }
  HttpHandler& handler() { return *routes_; }
  StreamHub& stream() { return hub_; }
  // REQUIRES: !is_gateway().
  BlockSink& block_sink() { return writing_->appender; }
  Executor& executor() { return writing_->executor; }
  const ExecutorStats& executor_stats() const { return writing_->executor.stats(); }

  // What this shard measures; any thread. Those of orders and executor: REQUIRES !is_gateway().
  const HttpMeters& http_meters() const { return http_meters_; }
  const WsMeters& websocket_meters() const { return websockets_.meters(); }
  const StreamMeters& stream_meters() const { return hub_.meters(); }
  const ExecutorMeters& executor_meters() const { return writing_->executor.meters(); }
  std::uint64_t open_orders(OrderStatus status) const { return writing_->orders.count(status); }

  // Loop's thread. `position`: the durable end from which the stream is live.
  void start_stream(Seq position) { hub_.start(position); }
  // Orders first (park what is in hand), then sockets and the rest. Idempotent.
  Task<void> stop_executing();
  Task<void> stop_serving();
  void set_access_list(std::shared_ptr<const AccessList> list) {
    access_.set_list(std::move(list));
    websockets_.close_revoked();
    streams_.close_revoked(access_);
  }
  // Open orders and a position that the shard has folded, for the log's hint.
  OpenOrderHint hint() const;

 private:
  struct Writing {
    Writing(const ShardSeams& seams, const ShardOptions& options);
    Appender appender;
    OpenOrders orders;
    Executor executor;
  };
  std::optional<OrderWriting> writing_for(const ShardOptions& options, const Admission& admission);

  std::unique_ptr<Writing> writing_;
  HttpMeters http_meters_;
  Orders orders_;
  Access access_;
  StreamHub hub_;
  WsSessions websockets_;
  SseSessions streams_;
  std::unique_ptr<HttpHandler> routes_;
};

// Start-up is recovery: folds the open orders from the log, hands each shard its own, starts the
// log with the shards' sinks and sets the executors going. Blocking, not on a shard's thread.
// `shards` and `loops` by shard number.
struct Recovered {
  std::size_t open_orders = 0;
  Seq as_of = 0;
};
Result<Recovered> recover_shards(EventLog& log, std::span<Shard* const> shards,
                                 std::span<Loop* const> loops,
                                 const std::function<void(std::span<BlockSink* const>)>& start_log);

}  // namespace oee
