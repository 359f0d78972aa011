// Bus seam: carries the live stream from the engine to its own shards, to gateways and to outside
// users. Best effort: a receiver reads lost updates from the log or PostgreSQL, by seq. The bus
// stores nothing across a crash.
#pragma once

#include <atomic>

#include "core/order/update.h"

namespace oee {

// One per shard loop. Called on the bus's thread. It must not block: it posts to the shard's loop.
class UpdateSink {
 public:
  virtual ~UpdateSink() = default;
  // Updates in the order of the bus. Gaps and repeats are possible: check the seqs.
  virtual void on_updates(UpdateBatch batch) = 0;
  // The durable head, published every 250 ms. It reveals that the latest updates were lost.
  virtual void on_head(const LogIdentity& log_id, Seq head) = 0;
  // False: the sink has no subscribers now and needs heads only. Any thread. When it turns true,
  // the sink itself reads the updates between the last head and the next update from the log.
  virtual bool wants_updates() const { return true; }
};

class Bus {
 public:
  virtual ~Bus() = default;
  // Publisher's thread. Keeps the order. Never waits for another program: it drops and counts
  // updates that it cannot send.
  virtual void publish(UpdateBatch batch) = 0;
  virtual void publish_head(const LogIdentity& log_id, Seq head) = 0;
  // False: no receiver wants updates, heads are enough. Publisher's thread.
  virtual bool wanted() { return true; }
  // Before start(). `sink` outlives the bus.
  virtual void subscribe(UpdateSink& sink) = 0;
  // Before start(). The log of the position that the sinks start from, zero: not known. While
  // others can publish too, messages of another log reach no sink before it alone is announced.
  virtual void follow(const LogIdentity&) {}
  virtual void start() = 0;
  virtual void stop() = 0;  // idempotent; no sink is called after it returns
  // Empty: healthy; else the reason ("redis 127.0.0.1:6379: connection refused"). Any thread.
  virtual std::string unhealthy_reason() const = 0;
};

}  // namespace oee
