// CopySender: copies rows into PostgreSQL on a connection and a thread of its own, so that reading
// and folding the log and PostgreSQL's work on the rows overlap. One thread calls; a bounded queue
// between.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "projections/postgres_session.h"

namespace oee {

class CopySender {
 public:
  explicit CopySender(const PostgresOptions& options);
  ~CopySender();  // abandons what is queued

  // Whole lines in COPY's text format for `table`(`columns`). Waits while the queue is full; after
  // a failure the text is dropped.
  void send(std::string table, std::string columns, std::string text);
  bool failed() const;
  // Waits until everything is in the tables. unavailable, invalid: what PostgreSQL said first.
  Result<void> finish();

 private:
  struct Chunk {
    std::string table;
    std::string columns;
    std::string text;
  };
  void run_thread();
  void stop();

  PostgresSession session_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> queue_;
  std::size_t queued_bytes_ = 0;
  bool busy_ = false;
  bool ending_ = false;
  Result<void> outcome_;
  std::thread thread_;
};

}  // namespace oee
