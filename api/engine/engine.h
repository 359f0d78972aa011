// Engine: the shards, their threads and the HTTP server, wired over given seams; start-up as
// recovery and the orderly stop. It names no concrete adapter: app.cc brings those. Main thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "api/engine/shard.h"
#include "api/http/server.h"
#include "api/telemetry/health_registry.h"
#include "core/seams/bus.h"

namespace oee {

struct EngineOptions {
  std::string listen_host;
  std::uint16_t listen_port = 0;
  HttpLimits http;
  std::uint32_t shards = 1;
  std::uint64_t open_orders_max = 100'000;
  ExecutorOptions executor;  // concurrency is for all shards together
  StreamOptions stream;
  WsLimits websocket;
  std::vector<std::string> allowed_origins;
  std::shared_ptr<const AccessList> access_list;  // null: open to everybody
  std::shared_ptr<TlsContext> tls;                // null: plain
  RateLimit rate_limit;
  bool test_endpoints = false;
  std::vector<Setting> settings;  // as GET /v1/config shows them
  Micros hint_every{10'000'000};
  // Of the 10 s that a stop may take: for orders in hand, then for sockets to say good-bye.
  std::chrono::seconds drain_max{5};
  std::chrono::seconds close_max{3};
};

// The loop, clock and venues of one shard, made by the composition root.
struct ShardLoop {
  Loop loop{1};
  std::unique_ptr<Clock> clock;
  std::unique_ptr<Entropy> entropy;
  std::vector<std::unique_ptr<Venue>> venues;
};

struct EngineSeams {
  std::vector<std::unique_ptr<ShardLoop>>& loops;  // options.shards of them; outlive the engine
  OrderHistory& history;
  Worker& history_worker;
  OrderQueries& queries;
  Worker& queries_worker;
  Bus& bus;
  EventLog* log = nullptr;  // null on a gateway
  // Starts the log's writer with the shards' sinks; called once they can take blocks.
  std::function<void(std::span<BlockSink* const>)> start_log;
  // The seq from which the stream is live: the durable end, or a gateway's projection cursor.
  std::function<Result<Seq>()> stream_position;
  Metrics* metrics = nullptr;  // what GET /metrics answers; null: nothing
};

class Engine {
 public:
  Engine(EngineSeams seams, EngineOptions options, HealthBoard& health,
         const TokenRegistry& tokens);
  ~Engine();  // REQUIRES: not started, or stop() returned true

  // Binds the port and serves (/readyz says "recovering"), recovers the open orders, starts the
  // log, the executors and the stream, and is ready. The error's code decides the exit code.
  Result<void> start();
  // Refuses new orders, parks what is in hand, closes connections, joins the threads. Idempotent.
  // Appends under way are answered, so the log must still be running. false: some coroutine did not
  // end in time and still holds parts of the engine, which must not be destroyed then: leave the
  // process without it.
  [[nodiscard]] bool stop();

  std::uint16_t port() const { return port_; }
  const Admission& admission() const { return admission_; }
  // From here on they count: for the next request, for the next connection. Between start and stop.
  void set_access_list(const std::shared_ptr<const AccessList>& list);
  void set_tls(std::shared_ptr<TlsContext> context) { http_->set_tls(std::move(context)); }
  // For metrics, any thread.
  const EngineOptions& options() const { return options_; }
  std::span<const std::unique_ptr<Shard>> shards() const { return shards_; }
  std::uint32_t connections() const { return http_->connections(); }
  // Asks every shard for its open orders and stores them in the log. Any time between start and
  // stop.
  void store_hint();

 private:
  // Runs a task of every shard on its loop, all at once; false when `wait` is over (they go on).
  bool run_on_all(Task<void> (Shard::*task)(), std::chrono::seconds wait);
  Result<void> recover();

  EngineSeams seams_;
  EngineOptions options_;
  HealthBoard& health_;
  Admission admission_;
  RateLimiter rate_limiter_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<HttpServer> http_;
  std::vector<std::thread> threads_;
  std::vector<std::unique_ptr<Gate>> gates_;  // for run_on()
  std::uint16_t port_ = 0;
  bool started_ = false;
};

}  // namespace oee
