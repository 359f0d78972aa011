// Projector: reads the log, folds the orders that each batch of records changes, and applies the
// batch to one ReadModel. The engine owns it; it has a thread of its own.
//
// The read model's cursor is the only position. The projector reads it at the start, after every
// error and every two seconds, and continues there. After a crash or a lost connection anywhere, it
// retries with jittered back-off; no record is skipped and none takes effect twice.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/order/order.h"
#include "core/seams/event_log.h"
#include "core/seams/read_model.h"
#include "projections/projector_metrics.h"
#include "projections/projector_options.h"

namespace oee {

class Projector {
 public:
  Projector(EventLog& log, LogIdentity log_id, ReadModel& model, ProjectorOptions options);
  ~Projector();  // stop()

  void start();
  // Returns within a second; the running batch is applied whole or not at all. Idempotent.
  void stop();

  const ProjectorMetrics& metrics() const { return metrics_; }
  // Empty while it projects, else the reason why not ("postgres: connection refused; retrying");
  // before the model's first answer, too. Any thread.
  std::string unhealthy_reason() const;

  // One step without the thread, for the simulator and tests: applies at most one batch and returns
  // the number of its records (0: nothing new). Errors:
  //   corrupt    the log went back in time or is damaged
  //   conflict   the model is of another log, or its cursor was moved by someone else
  //   others     as the log or the model returned them
  Result<std::size_t> step();

 private:
  class Fold;  // the open orders at the cursor, and the batch that follows
  SteadyTime steady_now() const;
  Result<Seq> read_cursor();
  void run_thread();
  void wait_for_records();
  void pause(Micros time);                 // ends early when stopping
  void set_unhealthy(std::string reason);  // empty: healthy

  EventLog& log_;
  const LogIdentity log_id_;
  ReadModel& model_;
  const ProjectorOptions options_;
  ProjectorMetrics metrics_;
  std::unique_ptr<Fold> fold_;
  std::optional<Seq> cursor_;  // the model's cursor as last known; empty: read it
  SteadyTime cursor_read_at_{};
  mutable std::mutex unhealthy_mutex_;
  std::string unhealthy_reason_;
  std::atomic<bool> answered_{false};  // the model has returned its cursor
  std::atomic<bool> stopping_{false};
  std::mutex stop_mutex_;
  std::condition_variable stop_wake_;
  bool finished_ = false;  // guarded by stop_mutex_
  std::thread thread_;
};

}  // namespace oee
