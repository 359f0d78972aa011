// Publisher: reads the log and publishes every event to the Bus, and the head every 250 ms. While
// no receiver wants updates it publishes the head alone, every few milliseconds, and reads no
// records. The engine owns it; it has a thread of its own. It has no cursor: it begins at the
// durable head of its start, and subscribers resume by seq.
#pragma once

#include <atomic>
#include <thread>

#include "core/seams/bus.h"
#include "core/seams/event_log.h"
#include "projections/order_tokens.h"

namespace oee {

class Publisher {
 public:
  Publisher(EventLog& log, LogIdentity log_id, Bus& bus);
  ~Publisher();  // stop()
  void start();
  void stop();  // idempotent, within a second
  // The last seq that was handed to the bus or skipped because no receiver wanted it; before the
  // first, the durable head at the start. Any thread.
  Seq published() const { return published_.load(std::memory_order_relaxed); }

  // One step without the thread, for the simulator and tests: publishes at most one batch, or a
  // head. False when there was nothing new, or when the log cannot be read (it is logged once). The
  // first step only sets the start to the durable head.
  bool step();

 private:
  void begin();
  bool skip_to_head();
  // The durable records from `from` on as updates, at most one batch; empty: none yet.
  Result<std::vector<Update>> read(Seq from);
  void run_thread();
  EventLog& log_;
  const LogIdentity log_id_;
  Bus& bus_;
  OrderTokens tokens_;
  bool begun_ = false;
  bool read_failed_ = false;  // the last read failed, and the failure was logged
  std::atomic<Seq> published_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace oee
