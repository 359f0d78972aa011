// RedisSubscribeLink: the subscribing connection of the Redis bus. A gateway subscribes to updates
// and heads, an engine to heads only. The bus owns it; the thread of the bus's loop.
#pragma once

#include "projections/redis/context.h"
#include "projections/redis/link.h"
#include "projections/redis/subscribe.h"

namespace oee {

class RedisSubscribeLink final : private RedisLinkEvents {
 public:
  explicit RedisSubscribeLink(const RedisContext& context);

  void add_sink(UpdateSink& sink) { messages_.add_sink(sink); }         // before start()
  void follow(const LogIdentity& log_id) { messages_.follow(log_id); }  // before start()
  void start() { link_.start(); }
  Task<void> stop() { return link_.stop(); }

 private:
  void on_open() override;
  void on_reply(const RedisReply& reply) override;
  void on_replies_end() override { messages_.flush(); }
  void on_chunk_done(const RedisChunk&, bool) override {}
  void on_closed(const std::string& why) override;

  const bool heads_only_;
  const RedisChannels& channels_;
  RedisBusMetrics& metrics_;
  RedisStatus& status_;
  RedisSubscribe messages_;
  RedisLink link_;
  std::size_t subscribed_ = 0;
  bool was_open_ = false;
};

}  // namespace oee
