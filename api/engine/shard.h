// Shard: the parts that one event loop owns, wired over given seams: its sessions, its share of the
// open orders, their executor, its live stream. Owned by EngineParts. It is built and destroyed on
// the main thread, while the loop does not run or runs nothing of the shard. Every other call is on
// the loop's thread.
#pragma once

#include <memory>
#include <optional>

#include "api/dialects/session.h"
#include "api/engine/shard_options.h"
#include "api/orders/orders.h"
#include "api/push/sse_session.h"
#include "api/push/ws_session.h"
#include "api/routing/routes.h"
#include "api/stream/hub.h"
#include "api/telemetry/health.h"
#include "core/exec/executor.h"

namespace oee {

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
  // Appends a halt of everything, before executor().start(). Loop's thread.
  Task<AppendAnswer> halt_at_start(std::string why);
  // Appends RiskLimitsChanged with this canonical text. Loop's thread.
  Task<AppendAnswer> change_limits(std::string limits, std::string why);

  // The metrics of this shard; any thread. Those of the executor and the orders REQUIRE
  // !is_gateway().
  const HttpMetrics& http_metrics() const { return http_metrics_; }
  const WsMetrics& websocket_metrics() const { return websockets_.metrics(); }
  const StreamMetrics& stream_metrics() const { return hub_.metrics(); }
  const StreamBufferMetrics& stream_buffer_metrics() const { return buffers_.metrics(); }
  const ExecutorMetrics& executor_metrics() const { return writing_->executor.metrics(); }
  std::uint64_t open_orders(OrderStatus status) const { return writing_->orders.count(status); }

  // Loop's thread. `from`: the position from which the stream is live.
  void start_stream(const ProjectionCursor& from) { hub_.start(from.last_seq, from.log_id); }
  // stop_executing() parks the orders in hand. stop_serving() then closes the sessions and the
  // stream. Both are idempotent.
  Task<void> stop_executing();
  Task<void> stop_serving();
  void set_access_list(std::shared_ptr<const AccessList> list) {
    access_.set_list(std::move(list));
    websockets_.close_revoked();
    streams_.close_revoked();
  }
  // The open orders, and the seq up to which the shard has folded, for the log's hint. REQUIRES:
  // !is_gateway().
  OpenOrderHint hint() const;

 private:
  struct Writing {
    Writing(const ShardSeams& seams, const ShardOptions& options);
    Appender appender;
    OpenOrders orders;
    Executor executor;
  };
  std::optional<OrderWriting> writing_for(const ShardSeams& seams, const ShardOptions& options,
                                          const Admission& admission, const TokenRegistry& tokens);

  std::unique_ptr<Writing> writing_;
  HttpMetrics http_metrics_;
  Orders orders_;
  std::optional<StreamTickets> tickets_;
  Access access_;
  StreamHub hub_;
  StreamBuffers buffers_;
  DialectSessions dialects_;
  WsSessions websockets_;
  SseSessions streams_;
  std::unique_ptr<HttpHandler> routes_;
};

}  // namespace oee
