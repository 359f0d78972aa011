// PostgresWorkerPool: several connections to PostgreSQL, each with a thread, that run jobs from one
// bounded queue. The rebuild copies rows and builds indexes with it, so that reading and folding
// the log overlaps with PostgreSQL's work on several tables. The rebuild owns it; one thread calls.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "projections/postgres/session.h"

namespace oee {

class PostgresWorkerPool {
 public:
  // May throw what libpqxx throws. Jobs of one pool must not wait for one another.
  using Job = std::function<void(PostgresConnection&)>;

  PostgresWorkerPool(const PostgresOptions& options, std::size_t workers,
                     PostgresSession::Setup setup);
  ~PostgresWorkerPool();  // drops the queued jobs and waits for the running ones

  // `bytes`: the memory that the job owns. Waits while the queue is full. After a failure jobs are
  // dropped.
  void submit(Job job, std::size_t bytes);
  bool failed() const;
  // Waits until every job is done. Returns the error of the first job that failed: unavailable,
  // invalid.
  Result<void> finish();

 private:
  struct Task {
    Job job;
    std::size_t bytes = 0;
  };
  void run_thread(PostgresSession& session);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> queue_;
  std::size_t bytes_ = 0;  // of queued and running jobs
  std::size_t unfinished_ = 0;
  bool ending_ = false;
  Result<void> outcome_;
  std::vector<std::unique_ptr<PostgresSession>> sessions_;
  std::vector<std::thread> threads_;
};

}  // namespace oee
