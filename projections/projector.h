// Projector: pulls the log, folds the orders it touches, and applies batches to one ReadModel, on a
// thread of its own. It goes on from the cursor it reads at the start of every batch, so a crash or
// a lost connection anywhere costs nothing but a retry with jittered back-off.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/order/order.h"
#include "core/seams/clock.h"
#include "core/seams/event_log.h"
#include "core/seams/read_model.h"

namespace oee {

struct ProjectorOptions {
  std::string name = "view";              // thread and log name: "view" (embedded) or "pg"
  std::size_t batch_records_max = 8'192;  // per transaction
  // A batch begins no sooner than this after the one before it, unless a full one is waiting: most
  // orders then begin and end within one batch, and are written once. The tables are as much older.
  Micros gather{0};
  // open orders kept folded (~250 B each); others are re-read
  std::size_t orders_cached_max = 200'000;
  // Null: the system's steady clock. Only its steady_now() is used; for a simulation's time.
  const Clock* clock = nullptr;
  Micros backoff_min{100'000};
  Micros backoff_max{5'000'000};
  // The log went back in time (cursor above the durable head with the same log id) or is damaged:
  // the engine must halt, exit 4. Called on the projector's thread, once.
  std::function<void(const Error& why)> on_fail_stop;
};

struct ProjectorStats {
  std::atomic<Seq> applied{0};  // everything up to here is in the tables
  std::atomic<std::uint64_t> batches{0};
  std::atomic<std::uint64_t> retries{0};
};

class Projector {
 public:
  Projector(EventLog& log, LogId log_id, ReadModel& model, ProjectorOptions options);
  ~Projector();  // stop()

  void start();
  void stop();  // finishes or abandons the batch in hand within a second; idempotent

  const ProjectorStats& stats() const { return stats_; }
  // Empty when it is projecting, else why not ("postgres: connection refused; retrying"). Any
  // thread.
  std::string unhealthy_reason() const;

  // One step without the thread, for the simulator and tests: applies at most one batch; returns
  // the number of records applied (0: nothing new). corrupt: the log went back in time or is
  // damaged; conflict: the model holds another log, or somebody moved its cursor; else what the log
  // or the model said.
  Result<std::size_t> step();

 private:
  class Fold;  // orders as they stand at the cursor
  SteadyTime steady_now() const;
  Result<Seq> read_cursor();
  void run_thread();
  void wait_for_records();
  void pause(Micros time);  // ends early when stopping
  void set_trouble(std::string why);

  EventLog& log_;
  const LogId log_id_;
  ReadModel& model_;
  const ProjectorOptions options_;
  ProjectorStats stats_;
  std::unique_ptr<Fold> fold_;
  std::optional<Seq> cursor_;  // what the model was last known to stand at; empty: ask it
  SteadyTime cursor_read_at_{};
  mutable std::mutex trouble_mutex_;
  std::string trouble_;
  std::atomic<bool> stopping_{false};
  std::mutex stop_mutex_;
  std::condition_variable stop_wake_;
  bool finished_ = false;  // by stop_mutex_
  std::thread thread_;
};

}  // namespace oee
