// SimRedis: Redis of the simulated environment with the gateways that subscribe to it. A message is
// the text that production sends, and each gateway reads it with production's own RedisSubscribe.
// Redis delivers in order. It can be silent: it then takes everything and delivers it when it is
// back. Anyone may publish on it. One thread.
#pragma once

#include <deque>
#include <list>
#include <string>

#include "projections/redis/metrics.h"
#include "projections/redis/options.h"
#include "projections/redis/push_message.h"
#include "projections/redis/status.h"
#include "projections/redis/subscribe.h"
#include "tests/sim/plan/coverage.h"
#include "tests/sim/plan/plan.h"

namespace oee::sim {

// The messages that a publisher sends together.
struct RedisChunk {
  struct Message {
    bool head = false;  // on the channel of heads; else of updates
    std::string text;
  };
  std::vector<Message> messages;
  bool garbage = false;  // not of the engine
};

class SimRedis {
 public:
  // One gateway's subscription.
  class Subscriber {
   public:
    Subscriber(Clock& clock, const LogIdentity& log, UpdateSink& the_sink)
        : sink(the_sink),
          knows_log(!log.is_zero()),
          subscribe_(options(), channels_, clock, metrics_, status_) {
      subscribe_.add_sink(sink);
      subscribe_.follow(log);
    }
    void take(const RedisChunk& chunk) {
      for (const auto& message : chunk.messages)
        subscribe_.take(message.head ? channels_.head : channels_.events, message.text);
      subscribe_.flush();
    }
    const RedisBusMetrics& metrics() const { return metrics_; }
    UpdateSink& sink;
    // A gateway over empty tables follows the log of the first message, whoever sent it.
    bool knows_log;

   private:
    static RedisBusOptions options() {
      RedisBusOptions options;
      options.publish = false;
      return options;
    }
    const RedisChannels channels_{"oee"};
    RedisBusMetrics metrics_;
    RedisStatus status_{"redis"};
    RedisSubscribe subscribe_;
  };

  SimRedis(Dice& dice, Coverage& coverage) : dice_(dice), coverage_(coverage) {}

  std::list<Subscriber> gateways;
  // Chances per mille of each gateway: to lose a chunk, to get it twice.
  std::uint32_t lost = 0;
  std::uint32_t repeated = 0;

  void publish(RedisChunk chunk) {
    if (!silent_) return deliver(chunk);
    coverage_.hit(Point::bus_late, chunk.messages.size());
    if (waiting_.size() < waiting_max) waiting_.push_back(std::move(chunk));
  }
  // Not silent any more: everything that waits is delivered.
  void set_silent(bool silent) {
    silent_ = silent;
    for (; !silent_ && !waiting_.empty(); waiting_.pop_front()) deliver(waiting_.front());
  }

 private:
  static constexpr std::size_t waiting_max = 20'000;

  void deliver(const RedisChunk& chunk) {
    for (Subscriber& gateway : gateways) {
      if (chunk.garbage && !gateway.knows_log) continue;
      const bool head = !chunk.messages.empty() && chunk.messages.front().head;
      if (!head && dice_.chance(lost)) {
        coverage_.hit(Point::bus_lost);
        continue;
      }
      gateway.take(chunk);
      gateway.knows_log = true;
      if (head || !dice_.chance(repeated)) continue;
      coverage_.hit(Point::bus_repeated);
      gateway.take(chunk);
    }
  }

  Dice& dice_;
  Coverage& coverage_;
  bool silent_ = false;
  std::deque<RedisChunk> waiting_;
};

}  // namespace oee::sim
