// The publishing side of the Redis bus: encodes on the publisher's thread, sends on the bus's loop.
#pragma once

#include <atomic>
#include <string>

#include "core/order/update.h"
#include "core/runtime/mailbox.h"
#include "projections/redis/bus.h"
#include "projections/redis/link.h"

namespace oee {

class RedisStatus;

class RedisPublish final : private RedisLinkEvents {
 public:
  RedisPublish(Loop& loop, Clock& clock, Entropy& entropy, const RedisUrl& url,
               const RedisBusOptions& options, RedisBusStats& stats, RedisStatus& status);

  // Publisher's thread. Waits for up to half a second for room in the queue; then, or without a
  // connection, the batch is dropped and counted: its readers find the gap and fill it from the
  // log.
  void publish(const std::vector<Update>& updates);
  void publish_head(const LogId& log_id, Seq head);

  // Loop's thread.
  void start() { link_.start(); }
  Task<void> stop() {
    open_ = false;
    return link_.stop();
  }

 private:
  bool wait_for_room(std::size_t bytes) const;
  void on_open() override;
  void on_reply(const RedisReply& reply) override;
  void on_replies_end() override {}
  void on_chunk_done(const RedisChunk& chunk, bool written) override;
  void on_closed(const std::string& why) override;

  const LogId log_id_;
  const std::size_t queue_bytes_max_;
  RedisBusStats& stats_;
  RedisStatus& status_;
  RedisLink link_;
  std::atomic<bool> open_{false};
  std::atomic<std::size_t> queued_bytes_{0};  // from publish() until written or dropped
  Mailbox<RedisChunk> outbox_;
};

}  // namespace oee
