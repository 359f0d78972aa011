#include "projections/postgres/rebuild/worker_pool.h"

#include "core/runtime/thread.h"

namespace oee {
namespace {

// Keeps PostgreSQL busy while the log is read; more would only cost memory.
constexpr std::size_t bytes_max = 32 << 20;

}  // namespace

PostgresWorkerPool::PostgresWorkerPool(const PostgresOptions& options, std::size_t workers,
                                       PostgresSession::Setup setup) {
  for (std::size_t i = 0; i < workers; ++i) {
    sessions_.push_back(
        std::make_unique<PostgresSession>(options, "rebuild-projections worker", setup));
    threads_.emplace_back([this, session = sessions_.back().get()] { run_thread(*session); });
  }
}

PostgresWorkerPool::~PostgresWorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

void PostgresWorkerPool::submit(Job job, std::size_t bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return bytes_ < bytes_max || !outcome_; });
  if (!outcome_) return;
  bytes_ += bytes;
  ++unfinished_;
  queue_.push_back({std::move(job), bytes});
  changed_.notify_all();
}

bool PostgresWorkerPool::failed() const {
  const std::lock_guard lock(mutex_);
  return !outcome_.ok();
}

Result<void> PostgresWorkerPool::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return unfinished_ == 0; });
  return outcome_;
}

void PostgresWorkerPool::run_thread(PostgresSession& session) {
  name_this_thread("pg-pool");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (ending_) return;
    const Task task = std::move(queue_.front());
    queue_.pop_front();
    const bool wanted = outcome_.ok();  // after a failure queued jobs are only dropped
    lock.unlock();
    Result<void> done;
    if (wanted) {
      done = session.run([&task](PostgresConnection& connection) -> Result<void> {
        task.job(connection);
        return {};
      });
    }
    lock.lock();
    bytes_ -= task.bytes;
    --unfinished_;
    if (!done && outcome_) outcome_ = std::move(done);
    changed_.notify_all();
  }
}

}  // namespace oee
