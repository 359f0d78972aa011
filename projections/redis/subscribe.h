// RedisSubscribe: the subscribing side of the Redis bus. It receives oee:events and oee:head and
// hands batches to the sinks. The bus owns it; the thread of the bus's loop.
#pragma once

#include <vector>

#include "core/seams/bus.h"
#include "projections/redis/context.h"
#include "projections/redis/link.h"

namespace oee {

class RedisSubscribe final : private RedisLinkEvents {
 public:
  explicit RedisSubscribe(const RedisContext& context);

  void add_sink(UpdateSink& sink) { sinks_.push_back(&sink); }  // before start()
  void start() { link_.start(); }
  Task<void> stop() { return link_.stop(); }

 private:
  void on_open() override;
  void on_reply(const RedisReply& reply) override;
  void on_replies_end() override { flush(); }
  void on_chunk_done(const RedisChunk&, bool) override {}
  void on_closed(const std::string& why) override;

  void take_update(std::string_view message);
  void take_head(std::string_view message);
  bool is_ours(const LogId& log_id, Seq head);
  void flush();

  Clock& clock_;
  const bool any_log_;  // a gateway: accepts the updates of any log
  LogId log_id_;        // zero until the first message of a gateway
  RedisBusMetrics& metrics_;
  RedisStatus& status_;
  RedisLink link_;
  std::vector<UpdateSink*> sinks_;
  std::vector<Update> batch_;  // contiguous
  std::size_t subscribed_ = 0;
  bool was_open_ = false;
  bool decode_failed_ = false;  // a message was malformed, and this was logged
  SteadyTime foreign_received_at_{};
};

}  // namespace oee
