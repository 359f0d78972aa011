#include "projections/redis/subscribe.h"

#include "core/base/log.h"
#include "projections/redis/push_message.h"
#include "projections/redis/status.h"

namespace oee {

namespace {

constexpr std::size_t channels = 2;
constexpr Micros foreign_log_quiet{5'000'000};

}  // namespace

RedisSubscribe::RedisSubscribe(Loop& loop, Clock& clock, Entropy& entropy, const RedisUrl& url,
                               const RedisBusOptions& options, RedisBusStats& stats,
                               RedisStatus& status)
    : clock_(clock),
      any_log_(options.log_id.is_zero()),
      log_id_(options.log_id),
      stats_(stats),
      status_(status),
      link_(loop, clock, entropy, url, "oee-subscribe", RedisTiming(), *this) {}

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
  if (std::exchange(was_open_, false)) ++stats_.connections_lost;
  status_.set_trouble(RedisStatus::Side::subscribe, why);
}

void RedisSubscribe::take_update(std::string_view message) {
  Result<PushMessage> push = decode_push(message);
  if (!push.ok()) {
    // Somebody else's message on our channel, or a newer engine's: the gap it leaves is filled.
    if (!std::exchange(decode_failed_, true))
      log::warn("a message on oee:events is not understood; later ones are not reported",
                log::field("why", push.error().detail));
    return;
  }
  Update& update = push->update;
  if (!is_ours(push->log_id, update.seq)) return;
  ++stats_.updates_received;
  if (!batch_.empty() && batch_.back().seq + 1 != update.seq) flush();
  batch_.push_back(std::move(update));
}

void RedisSubscribe::take_head(std::string_view message) {
  const Result<HeadMessage> head = decode_head_message(message);
  if (!head.ok() || !is_ours(head->log_id, head->head)) return;
  flush();
  for (UpdateSink* sink : sinks_) sink->on_head(head->log_id, head->head);
  if (clock_.steady_now() - foreign_heard_at_ > foreign_log_quiet)
    status_.set_healthy(RedisStatus::Side::foreign_log);
}

// An engine hears its own log only; another engine on the same Redis is a mistake that shows as
// unhealthy_reason. A gateway follows: its sinks are told by on_head() that the log is another one
// now.
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
  foreign_heard_at_ = clock_.steady_now();
  status_.set_trouble(RedisStatus::Side::foreign_log,
                      "another engine publishes here too (log " + to_text(log_id) + ")");
  return false;
}

void RedisSubscribe::flush() {
  if (batch_.empty()) return;
  const auto batch = std::make_shared<const std::vector<Update>>(std::exchange(batch_, {}));
  for (UpdateSink* sink : sinks_) sink->on_updates(batch);
}

}  // namespace oee
