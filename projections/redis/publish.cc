#include "projections/redis/publish.h"

#include <chrono>
#include <thread>

#include "projections/redis/metrics.h"
#include "projections/redis/options.h"
#include "projections/redis/push_message.h"
#include "projections/redis/status.h"

namespace oee {

namespace {

using namespace std::chrono_literals;

constexpr auto room_wait_max = 500ms;
constexpr auto room_poll = 1ms;

}  // namespace

RedisPublish::RedisPublish(const RedisContext& context)
    : log_id_(context.options.log_id),
      queue_bytes_max_(context.options.queue_bytes_max),
      metrics_(context.metrics),
      status_(context.status),
      link_(context.loop, context.clock, context.entropy, context.url, "oee-publish", RedisTiming(),
            *this),
      outbox_(context.loop, [this](std::vector<RedisChunk> chunks) {
        for (RedisChunk& chunk : chunks) link_.send(std::move(chunk));
      }) {}

bool RedisPublish::wait_for_room(std::size_t bytes) const {
  const auto deadline = std::chrono::steady_clock::now() + room_wait_max;
  while (open_ && queued_bytes_ + bytes > queue_bytes_max_) {
    if (bytes > queue_bytes_max_ || std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(room_poll);
  }
  return open_;
}

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
    order_channel = push_channel_order_prefix;
    append_text(order_channel, update.order_id);
    append_redis_command(chunk.bytes, {"PUBLISH", push_channel_events, message});
    append_redis_command(chunk.bytes, {"PUBLISH", order_channel, message});
  }
  if (!wait_for_room(chunk.bytes.size())) {
    metrics_.updates_dropped += updates.size();
    return;
  }
  chunk.counted = true;
  queued_bytes_ += chunk.bytes.size();
  outbox_.put(std::move(chunk));
}

// A head is small and periodic. It ignores the queue's limit, so that subscribers notice a lost
// tail while the queue is full.
void RedisPublish::publish_head(const LogId& log_id, Seq head) {
  if (!open_) return;
  RedisChunk chunk;
  append_redis_command(chunk.bytes,
                       {"PUBLISH", push_channel_head, encode_head_message(log_id, head)});
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
