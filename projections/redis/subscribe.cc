#include "projections/redis/subscribe.h"

#include "core/base/log.h"
#include "projections/redis/metrics.h"
#include "projections/redis/options.h"
#include "projections/redis/push_message.h"
#include "projections/redis/status.h"

namespace oee {

namespace {

constexpr std::size_t channels = 2;
constexpr Micros foreign_log_quiet{5'000'000};

}  // namespace

RedisSubscribe::RedisSubscribe(const RedisContext& context)
    : clock_(context.clock),
      any_log_(context.options.log_id.is_zero()),
      log_id_(context.options.log_id),
      metrics_(context.metrics),
      status_(context.status),
      link_(context.loop, context.clock, context.entropy, context.url, "oee-subscribe",
            RedisTiming(), *this) {}

void RedisSubscribe::on_open() {
  was_open_ = true;
  subscribed_ = 0;
  RedisChunk chunk;
  append_redis_command(chunk.bytes, {"SUBSCRIBE", push_channel_events, push_channel_head});
  link_.send(std::move(chunk));
}

void RedisSubscribe::on_reply(const RedisReply& reply) {
  if (reply.is_error()) return link_.close(std::string(reply.text()));
  const std::string_view kind = reply.text_at(0);
  if (kind == "message") {
    const std::string_view channel = reply.text_at(1);
    if (channel == push_channel_events) take_update(reply.text_at(2));
    if (channel == push_channel_head) take_head(reply.text_at(2));
  } else if (kind == "subscribe" && ++subscribed_ == channels) {
    status_.set_healthy(RedisStatus::Side::subscribe);
  }
}

void RedisSubscribe::on_closed(const std::string& why) {
  if (std::exchange(was_open_, false)) ++metrics_.connections_lost;
  status_.set_unhealthy(RedisStatus::Side::subscribe, why);
}

void RedisSubscribe::take_update(std::string_view message) {
  Result<PushMessage> push = decode_push(message);
  if (!push.ok()) {
    // The message is from another program or a newer engine. Readers fill the gap from the history.
    if (!std::exchange(decode_failed_, true))
      log::warn("a message on oee:events is malformed and is skipped; later ones are not logged",
                log::field("why", push.error().detail));
    return;
  }
  Update& update = push->update;
  if (!is_ours(push->log_id, update.seq)) return;
  ++metrics_.updates_received;
  if (!batch_.empty() && batch_.back().seq + 1 != update.seq) flush();
  batch_.push_back(std::move(update));
}

void RedisSubscribe::take_head(std::string_view message) {
  const Result<HeadMessage> head = decode_head_message(message);
  if (!head.ok() || !is_ours(head->log_id, head->head)) return;
  flush();
  for (UpdateSink* sink : sinks_) sink->on_head(head->log_id, head->head);
  if (clock_.steady_now() - foreign_received_at_ > foreign_log_quiet)
    status_.set_healthy(RedisStatus::Side::foreign_log);
}

// An engine accepts its own log only: another engine on the same Redis is a configuration mistake,
// which unhealthy_reason() reports. A gateway follows the newest log: on_head() with the new log id
// shows its sinks that the log changed.
bool RedisSubscribe::is_ours(const LogId& log_id, Seq head) {
  if (log_id == log_id_) return true;
  if (any_log_) {
    const bool changed = !log_id_.is_zero();
    log_id_ = log_id;
    if (changed) {
      flush();
      for (UpdateSink* sink : sinks_) sink->on_head(log_id, head);
    }
    return true;
  }
  foreign_received_at_ = clock_.steady_now();
  status_.set_unhealthy(RedisStatus::Side::foreign_log,
                        "another engine publishes here too (log " + to_text(log_id) + ")");
  return false;
}

void RedisSubscribe::flush() {
  if (batch_.empty()) return;
  const auto batch = std::make_shared<const std::vector<Update>>(std::exchange(batch_, {}));
  for (UpdateSink* sink : sinks_) sink->on_updates(batch);
}

}  // namespace oee
