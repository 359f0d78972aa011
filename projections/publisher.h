// Publisher: pulls the log from the durable end at its start (no cursor: subscribers resume by seq)
// and publishes every event to the Bus, and the head every 250 ms. While nobody wants updates it
// publishes the head alone, every few milliseconds, and reads nothing. A thread of its own.
#pragma once

#include <atomic>
#include <thread>

#include "core/seams/bus.h"
#include "core/seams/event_log.h"
#include "projections/order_tokens.h"

namespace oee {

class Publisher {
 public:
  Publisher(EventLog& log, LogId log_id, Bus& bus);
  ~Publisher();  // stop()
  void start();
  void stop();  // idempotent, within a second
  // The last seq handed to the bus, or passed by; before the first, the durable end at the start.
  // Any thread.
  Seq published() const { return published_.load(std::memory_order_relaxed); }

  // One step without the thread: publishes at most one batch, or a head; false when there was
  // nothing new (or the log cannot be read, which is logged). The first step only takes the durable
  // end as its start.
  bool step();

 private:
  void begin();
  bool pass_by();
  // What is durable from there on, one batch at most; empty: nothing yet.
  Result<std::vector<Update>> read(Seq from);
  void run_thread();
  EventLog& log_;
  const LogId log_id_;
  Bus& bus_;
  OrderTokens tokens_;
  bool begun_ = false;
  bool read_failed_ = false;  // and was logged
  std::atomic<Seq> published_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace oee
