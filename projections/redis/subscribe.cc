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
constexpr Micros log_change_wait{3'000'000};
constexpr Micros head_pause_max{1'000'000};  // an engine sends a head every 250 ms

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
  if (!is_ours(push->log_id)) return drop_foreign(push->log_id);
  ++metrics_.updates_received;
  if (!batch_.empty() && batch_.back().seq + 1 != update.seq) flush();
  batch_.push_back(std::move(update));
}

void RedisSubscribe::take_head(std::string_view message) {
  const Result<HeadMessage> head = decode_head_message(message);
  if (!head.ok()) return drop_malformed(head.error().detail);
  if (!is_ours(head->log_id) && !replaces_ours(head->log_id)) return drop_foreign(head->log_id);
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

bool RedisSubscribe::is_ours(const LogIdentity& log_id) {
  if (log_id_.is_zero()) log_id_ = log_id;
  if (log_id != log_id_) return false;
  other_log_ = {};
  return true;
}

// An engine keeps its own log. A gateway changes to another log or epoch that is the only one
// announced: for log_change_wait its heads came without a pause, and no message of the followed log
// came. A single message changes nothing, and neither do false ones beside those of the engine.
bool RedisSubscribe::replaces_ours(const LogIdentity& log_id) {
  if (!any_log_) return false;
  const SteadyTime now = clock_.steady_now();
  if (log_id != other_log_ || now - other_head_at_ > head_pause_max) other_since_ = now;
  other_log_ = log_id;
  other_head_at_ = now;
  if (now - other_since_ < log_change_wait) return false;
  log_id_ = log_id;
  other_log_ = {};
  return true;
}

// Another engine on the channels of an engine is a configuration mistake, which unhealthy_reason()
// reports.
void RedisSubscribe::drop_foreign(const LogIdentity& log_id) {
  ++metrics_.messages_foreign;
  foreign_received_at_ = clock_.steady_now();
  // Each change of the reason is logged, so that another log id in each message must not change it.
  if (foreign_received_at_ < foreign_warning_due_) return;
  foreign_warning_due_ = foreign_received_at_ + warn_every;
  if (any_log_)
    return log::warn("messages of another log are on the Redis channels and are dropped",
                     log::field("log", log_id), log::field("followed", log_id_));
  status_.set_unhealthy(RedisStatus::Side::foreign_log,
                        "another engine publishes here too (log " + to_text(log_id) + ")");
}

void RedisSubscribe::flush() {
  if (batch_.empty()) return;
  const auto batch = std::make_shared<const std::vector<Update>>(std::exchange(batch_, {}));
  for (UpdateSink* sink : sinks_) sink->on_updates(batch);
}

}  // namespace oee
