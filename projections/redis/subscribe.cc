#include "projections/redis/subscribe.h"

#include <utility>

#include "core/base/log.h"
#include "projections/redis/metrics.h"
#include "projections/redis/options.h"
#include "projections/redis/push_message.h"
#include "projections/redis/status.h"

namespace oee {

namespace {

constexpr Micros foreign_log_quiet{5'000'000};
constexpr Micros warn_every{10'000'000};  // of one kind of message

}  // namespace

RedisSubscribe::RedisSubscribe(const RedisBusOptions& options, const RedisChannels& channels,
                               Clock& clock, RedisBusMetrics& metrics, RedisStatus& status)
    : channels_(channels),
      clock_(clock),
      any_log_(options.log_id.is_zero()),
      log_id_(options.log_id),
      metrics_(metrics),
      status_(status) {}

void RedisSubscribe::take(std::string_view channel, std::string_view message) {
  if (channel == channels_.events) take_update(message);
  if (channel == channels_.head) take_head(message);
}

void RedisSubscribe::take_update(std::string_view message) {
  Result<PushMessage> push = decode_push(message);
  if (!push.ok()) {
    // The message is from another program or a newer engine. Readers fill the gap from the history.
    return drop_malformed(push.error().detail);
  }
  Update& update = push->update;
  if (!is_ours(push->log_id, update.seq)) return;
  ++metrics_.updates_received;
  if (!batch_.empty() && batch_.back().seq + 1 != update.seq) flush();
  batch_.push_back(std::move(update));
}

void RedisSubscribe::take_head(std::string_view message) {
  const Result<HeadMessage> head = decode_head_message(message);
  if (!head.ok()) return drop_malformed(head.error().detail);
  if (!is_ours(head->log_id, head->head)) return;
  flush();
  for (UpdateSink* sink : sinks_) sink->on_head(head->log_id, head->head);
  if (clock_.steady_now() - foreign_received_at_ > foreign_log_quiet) {
    foreign_warning_due_ = {};
    status_.set_healthy(RedisStatus::Side::foreign_log);
  }
}

void RedisSubscribe::drop_malformed(const std::string& why) {
  ++metrics_.messages_malformed;
  const SteadyTime now = clock_.steady_now();
  if (now < malformed_warning_due_) return;
  malformed_warning_due_ = now + warn_every;
  log::warn("messages on the Redis channels are malformed and are dropped",
            log::field("dropped", metrics_.messages_malformed.load()), log::field("why", why));
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
  ++metrics_.messages_foreign;
  foreign_received_at_ = clock_.steady_now();
  // Each change of the reason is logged, so that another log id in each message must not change it.
  if (foreign_received_at_ >= foreign_warning_due_) {
    foreign_warning_due_ = foreign_received_at_ + warn_every;
    status_.set_unhealthy(RedisStatus::Side::foreign_log,
                          "another engine publishes here too (log " + to_text(log_id) + ")");
  }
  return false;
}

void RedisSubscribe::flush() {
  if (batch_.empty()) return;
  const auto batch = std::make_shared<const std::vector<Update>>(std::exchange(batch_, {}));
  for (UpdateSink* sink : sinks_) sink->on_updates(batch);
}

}  // namespace oee
