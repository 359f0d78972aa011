// RedisSubscribe: reads the messages of an engine's channels and hands batches and heads to the
// sinks. Anyone may publish there: it drops and counts every message that is not an update or a
// head, or of another log. It knows no connection. The thread of the bus's loop.
#pragma once

#include <string_view>
#include <vector>

#include "core/seams/bus.h"
#include "core/seams/clock.h"
#include "projections/redis/channels.h"

namespace oee {

class RedisStatus;
struct RedisBusMetrics;
struct RedisBusOptions;

class RedisSubscribe {
 public:
  RedisSubscribe(const RedisBusOptions& options, const RedisChannels& channels, Clock& clock,
                 RedisBusMetrics& metrics, RedisStatus& status);

  void add_sink(UpdateSink& sink) { sinks_.push_back(&sink); }  // before the first message
  // Before the first message. See Bus::follow().
  void follow(const LogIdentity& log_id) { log_id_ = log_id; }
  // One message, of any content. The sinks get its update with the next flush() or head.
  void take(std::string_view channel, std::string_view message);
  void flush();

 private:
  void take_update(std::string_view message);
  void take_head(std::string_view message);
  void drop_malformed(const std::string& why);
  void drop_foreign(const LogIdentity& log_id);
  bool is_ours(const LogIdentity& log_id);
  bool replaces_ours(const LogIdentity& log_id);

  const RedisChannels& channels_;
  Clock& clock_;
  const bool any_log_;  // a gateway: may change to another log
  LogIdentity log_id_;  // zero: a gateway that follows the log of the first message
  RedisBusMetrics& metrics_;
  RedisStatus& status_;
  std::vector<UpdateSink*> sinks_;
  std::vector<Update> batch_;  // contiguous
  SteadyTime malformed_warning_due_{};
  SteadyTime foreign_warning_due_{};
  SteadyTime foreign_received_at_{};
  LogIdentity other_log_;       // that heads announce; zero: the followed one came after it
  SteadyTime other_since_{};    // its first head
  SteadyTime other_head_at_{};  // its latest head
};

}  // namespace oee
