// RedisPublish: the publishing side of the Redis bus. It encodes on the publisher's thread and
// sends on the bus's loop. The bus owns it.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "core/order/update.h"
#include "core/runtime/mailbox.h"
#include "projections/redis/context.h"
#include "projections/redis/link.h"

namespace oee {

class RedisPublish final : private RedisLinkEvents {
 public:
  explicit RedisPublish(const RedisContext& context);

  // Publisher's thread. Waits up to half a second for room in the queue. Without room or without a
  // connection the batch is dropped and counted; subscribers find the gap and read it from the log.
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
  RedisBusMetrics& metrics_;
  RedisStatus& status_;
  RedisLink link_;
  std::atomic<bool> open_{false};
  std::atomic<std::size_t> queued_bytes_{0};  // from publish() until written or dropped
  Mailbox<RedisChunk> outbox_;
};

}  // namespace oee
