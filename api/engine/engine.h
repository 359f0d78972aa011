// Engine: EngineParts with threads and the HTTP server. It names no concrete adapter: api/app
// provides them. Owned by the composition root; main thread, unless stated otherwise.
#pragma once

#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "api/engine/engine_options.h"
#include "api/engine/engine_parts.h"
#include "api/http/server/server.h"

namespace oee {

class Engine {
 public:
  Engine(EngineSeams seams, EngineOptions options, HealthRegistry& health,
         const TokenRegistry& tokens);
  ~Engine();  // REQUIRES: not started, or stop() returned true

  // Binds the port and serves (/readyz reports "recovering"), recovers the open orders, starts the
  // log, the executors and the stream, and is then ready. The error's code decides the exit code.
  Result<void> start();
  // Runs EngineParts::stop_steps, closes the connections and joins the threads. Idempotent. Pending
  // appends are answered, so the log must still run. false: a coroutine did not end in time and
  // still uses the engine. The engine must not be destroyed then; the process must exit without it.
  [[nodiscard]] bool stop();

  std::uint16_t port() const { return port_; }
  const Admission& admission() const { return parts_.admission(); }
  // Between start and stop. The new list applies to the next request, the new certificate to the
  // next connection.
  void set_access_list(std::shared_ptr<const AccessList> list);
  // Ends the streams of the tokens that have expired since the last call. Between start and stop.
  void end_expired(WallTime now);
  void set_tls(std::shared_ptr<TlsContext> context) { http_->set_tls(std::move(context)); }
  // Between start and stop. The limits hold from their event in the log on.
  void change_limits(RiskLimits limits) { parts_.change_limits(std::move(limits)); }
  // For metrics; any thread.
  const EngineOptions& options() const { return options_; }
  std::span<const std::unique_ptr<Shard>> shards() const { return parts_.shards(); }
  std::uint32_t connections() const { return http_->connections(); }
  // How long a stop waits for one of its steps.
  static std::chrono::milliseconds stop_wait(const EngineOptions& options,
                                             EngineParts::StopStep step) {
    return step == EngineParts::StopStep::stop_executing ? options.drain_max : options.close_max;
  }
  // Begins to collect the open orders of all shards and to store them in the log as a hint. Between
  // start and stop. Does not wait: a shard or the disk may hang.
  void store_hint();

 private:
  // Begins a step of the stop and waits for it. false: the time is over; the step continues.
  bool run_stop_step(EngineParts::StopStep step, std::chrono::milliseconds wait);

  EngineSeams seams_;
  EngineOptions options_;
  RateLimiter rate_limiter_;
  TicketTable tickets_;
  StreamBudget stream_budget_;
  EngineParts parts_;
  std::unique_ptr<HttpServer> http_;
  std::vector<std::thread> threads_;
  std::uint16_t port_ = 0;
  bool started_ = false;
  std::shared_ptr<const AccessList> access_list_;  // the current one
  WallTime expired_until_{};                       // of end_expired()
};

}  // namespace oee
