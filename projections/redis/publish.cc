#include "projections/redis/publish.h"

#include "projections/redis/channels.h"
#include "projections/redis/metrics.h"
#include "projections/redis/options.h"
#include "projections/redis/push_message.h"
#include "projections/redis/status.h"

namespace oee {

RedisPublish::RedisPublish(const RedisContext& context)
    : channels_(context.channels),
      log_id_(context.options.log_id),
      queue_bytes_max_(context.options.queue_bytes_max),
      metrics_(context.metrics),
      status_(context.status),
      link_(context.loop, context.clock, context.entropy, context.url, "oee-publish", RedisTiming(),
            *this),
      outbox_(context.loop, [this](std::vector<RedisChunk> chunks) {
        for (RedisChunk& chunk : chunks) link_.send(std::move(chunk));
      }) {}

void RedisPublish::publish(const std::vector<Update>& updates) {
  if (!open_) {
    metrics_.updates_dropped += updates.size();
    return;
  }
  RedisChunk chunk;
  chunk.updates = static_cast<std::uint32_t>(updates.size());
  std::string message;
  std::string order_channel;
  for (const Update& update : updates) {
    message.clear();
    append_push(message, log_id_, update);
    order_channel = channels_.order_prefix;
    append_text(order_channel, update.order_id);
    append_redis_command(chunk.bytes, {"PUBLISH", channels_.events, message});
    append_redis_command(chunk.bytes, {"PUBLISH", order_channel, message});
  }
  if (queued_bytes_ + chunk.bytes.size() > queue_bytes_max_) {
    metrics_.updates_dropped += updates.size();
    return;
  }
  chunk.counted = true;
  queued_bytes_ += chunk.bytes.size();
  outbox_.put(std::move(chunk));
}

// A head is small and periodic. It ignores the queue's limit, so that subscribers notice a lost
// tail while the queue is full.
void RedisPublish::publish_head(const LogIdentity& log_id, Seq head) {
  if (!open_) return;
  RedisChunk chunk;
  append_redis_command(chunk.bytes, {"PUBLISH", channels_.head, encode_head_message(log_id, head)});
  chunk.counted = true;
  queued_bytes_ += chunk.bytes.size();
  outbox_.put(std::move(chunk));
}

void RedisPublish::on_open() {
  open_ = true;
  status_.set_healthy(RedisStatus::Side::publish);
}

void RedisPublish::on_reply(const RedisReply& reply) {
  // Redis refuses PUBLISH (no permission, busy script, loading): later ones would be refused too.
  if (reply.is_error()) link_.close(std::string(reply.text()));
}

void RedisPublish::on_chunk_done(const RedisChunk& chunk, bool written) {
  if (chunk.counted) queued_bytes_ -= chunk.bytes.size();
  if (written) {
    metrics_.updates_published += chunk.updates;
  } else {
    metrics_.updates_dropped += chunk.updates;
  }
}

void RedisPublish::on_closed(const std::string& why) {
  if (open_.exchange(false)) ++metrics_.connections_lost;
  status_.set_unhealthy(RedisStatus::Side::publish, why);
}

}  // namespace oee
