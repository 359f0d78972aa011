// Bus seam: fan-out of the live stream from the engine to its own shards, to gateways and outside
// users. Best effort: what it loses is read from the log or PostgreSQL by seq; nothing here is
// truth.
#pragma once

#include <atomic>

#include "core/order/update.h"

namespace oee {

// One per shard loop. Called on the bus's thread; must not block: post it to the shard's loop.
class UpdateSink {
 public:
  virtual ~UpdateSink() = default;
  // In the order in which the bus delivers; gaps and repeats are possible (check seqs).
  virtual void on_updates(UpdateBatch batch) = 0;
  // The durable head as announced every 250 ms: shows a lost tail.
  virtual void on_head(const LogId& log_id, Seq head) = 0;
  // False: nobody reads the stream here now, heads are enough. Any thread. Once it is true again
  // the sink itself reads what lies between the last head and the next update from the log.
  virtual bool wants_updates() const { return true; }
};

class Bus {
 public:
  virtual ~Bus() = default;
  // Publisher's thread. May block briefly for back-pressure, never for longer than a second; drops
  // (and counts) what it cannot send. Order is kept.
  virtual void publish(UpdateBatch batch) = 0;
  virtual void publish_head(const LogId& log_id, Seq head) = 0;
  // Whether any receiver wants updates: if not, heads are enough. Publisher's thread.
  virtual bool wanted() { return true; }
  // Before start(). `sink` outlives the bus.
  virtual void subscribe(UpdateSink& sink) = 0;
  virtual void start() = 0;
  virtual void stop() = 0;  // idempotent; after it no sink is called
  // Empty when healthy, else why not ("redis 127.0.0.1:6379: connection refused"). Any thread.
  virtual std::string unhealthy_reason() const = 0;
};

}  // namespace oee
