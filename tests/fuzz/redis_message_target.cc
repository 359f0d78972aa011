// Messages on an engine's Redis channels, one a line: `h` and a head, or any other byte and an
// update. An engine and a gateway read them. Each message either reaches the sinks as an update or
// a head that the streams can use, or changes nothing but one counter. The whole input is also read
// as the Redis protocol.
#include <algorithm>
#include <limits>

#include "api/push/ws_protocol.h"
#include "core/base/log.h"
#include "projections/redis/codec.h"
#include "projections/redis/metrics.h"
#include "projections/redis/options.h"
#include "projections/redis/push_message.h"
#include "projections/redis/status.h"
#include "projections/redis/subscribe.h"
#include "tests/fuzz/fuzz.h"

namespace oee::fuzz {
namespace {

constexpr Seq seq_max = std::numeric_limits<std::int64_t>::max();

class StoppedClock final : public Clock {
 public:
  WallTime now() const override { return {}; }
  SteadyTime steady_now() const override { return SteadyTime(Micros(1'000'000)); }
  TimerId call_at(SteadyTime, std::function<void()>) override { return 1; }
  void cancel(TimerId) override {}
};

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

void check_update(const Update& update) {
  check(update.seq >= 1 && update.seq <= seq_max, "a seq out of bounds");
  check(update.version >= 1, "an update without a version");
  check(!has_control(update.json), "an update of several lines");
  std::string frame;
  append_update_at(frame, update.json, {1, update.seq - 1});
  const auto sent = parsed_answer(frame);
  check(view_of(sent.at("orderId").as_string()) == to_text(update.order_id), "another order");
  if (is_of_engine(update.type)) {
    check(!sent.as_object().contains("status"), "a status of no order");
  } else {
    check(view_of(sent.at("status").as_string()) == to_string(update.status()), "another status");
  }
}

// Checks the rules that a stream relies on.
class CheckingSink final : public UpdateSink {
 public:
  void on_updates(UpdateBatch batch) override {
    check(!batch->empty(), "an empty batch");
    for (std::size_t i = 0; i < batch->size(); ++i) {
      check((*batch)[i].seq == batch->front().seq + i, "a batch with a hole");
      check_update((*batch)[i]);
    }
    updates += batch->size();
  }
  void on_head(const LogIdentity& log_id, Seq head) override {
    check(!log_id.is_zero(), "a head of no log");
    check(head <= seq_max, "a head out of bounds");
    ++heads;
  }
  std::uint64_t updates = 0;
  std::uint64_t heads = 0;
};

void read_messages(std::string_view text, const LogId& own_log) {
  RedisBusOptions options;
  options.log_id = own_log;
  const RedisChannels channels(options.prefix);
  StoppedClock clock;
  RedisBusMetrics metrics;
  RedisStatus status("redis");
  RedisSubscribe subscribe(options, channels, clock, metrics, status);
  CheckingSink sink;
  subscribe.add_sink(sink);
  std::uint64_t messages = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    ++messages;
    subscribe.take(line.front() == 'h' ? channels.head : channels.events, line.substr(1));
  }
  subscribe.flush();
  check(sink.updates == metrics.updates_received, "an update was lost");
  const std::uint64_t counted =
      metrics.messages_malformed + metrics.messages_foreign + metrics.updates_received + sink.heads;
  check(counted == messages, "a message is not counted");
}

void read_protocol(std::string_view text) {
  RedisReader reader;
  reader.feed(text);
  for (;;) {
    const auto reply = reader.next();
    if (!reply.ok()) return check(!reply.error().detail.empty(), "a refusal without a reason");
    if (!*reply) return;
    for (std::size_t i = 0; i <= (*reply)->size(); ++i) (void)(*reply)->text_at(i);
  }
}

}  // namespace
}  // namespace oee::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  oee::log::configure(oee::log::Format::text, oee::log::Level::off);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = oee::fuzz::text_of(data, size);
  oee::LogId own_log;
  own_log.bytes.fill(1);
  oee::fuzz::read_messages(text, own_log);
  oee::fuzz::read_messages(text, {});
  oee::fuzz::read_protocol(text);
  return 0;
}
