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

  // Publisher's thread. Never waits: without room in the queue or without a connection the batch is
  // dropped and counted; subscribers find the gap and read it from the history.
  void publish(const std::vector<Update>& updates);
  void publish_head(const LogIdentity& log_id, Seq head);

  // Loop's thread.
  void start() { link_.start(); }
  Task<void> stop() {
    open_ = false;
    return link_.stop();
  }

 private:
  void on_open() override;
  void on_reply(const RedisReply& reply) override;
  void on_replies_end() override {}
  void on_chunk_done(const RedisChunk& chunk, bool written) override;
  void on_closed(const std::string& why) override;

  const RedisChannels& channels_;
  const LogIdentity log_id_;
  const std::size_t queue_bytes_max_;
  RedisBusMetrics& metrics_;
  RedisStatus& status_;
  RedisLink link_;
  std::atomic<bool> open_{false};
  std::atomic<std::size_t> queued_bytes_{0};  // from publish() until written or dropped
  Mailbox<RedisChunk> outbox_;
};

}  // namespace oee
