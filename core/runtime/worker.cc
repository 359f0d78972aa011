#include "core/runtime/worker.h"

namespace oee {

namespace {
constexpr int background_levels = 10;  // see WorkerPriority
}  // namespace

Worker::Worker(std::string name, std::size_t queue_max, std::size_t threads,
               WorkerPriority priority)
    : name_(std::move(name)),
      queue_max_(queue_max),
      results_max_(priority == WorkerPriority::background ? threads : unlimited) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this, priority] { run_thread(priority); });
}

Worker::Worker(Loop& loop, std::size_t queue_max) : loop_(&loop), queue_max_(queue_max) {}

Worker::~Worker() {
  stop();
}

bool Worker::post(std::function<void()> job, std::uint64_t client) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return false;
    auto& jobs = waiting_[client];
    if (queued_ >= queue_max_ && !jobs.empty()) return false;
    if (jobs.empty()) turns_.push_back(client);
    jobs.push_back(std::move(job));
    ++queued_;
  }
  if (loop_ != nullptr) {
    oee::post(*loop_, [this] { run_next(); });
  } else {
    wake_.notify_one();
  }
  return true;
}

void Worker::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

std::function<void()> Worker::take_next() {
  const std::uint64_t client = turns_.front();
  turns_.pop_front();
  auto& jobs = waiting_.find(client)->second;
  std::function<void()> job = std::move(jobs.front());
  jobs.pop_front();
  --queued_;
  if (!jobs.empty()) {
    turns_.push_back(client);
  } else if (client != 0) {  // the queue of a worker with one client is not made again for each job
    waiting_.erase(client);
  }
  return job;
}

void Worker::run_next() {
  std::unique_lock lock(mutex_);
  const auto job = take_next();
  lock.unlock();
  job();
}

void Worker::add_result() {
  if (results_max_ == unlimited) return;
  std::lock_guard lock(mutex_);
  ++results_;
}

void Worker::remove_result() {
  if (results_max_ == unlimited) return;
  {
    std::lock_guard lock(mutex_);
    --results_;
  }
  wake_.notify_one();
}

void Worker::run_thread(WorkerPriority priority) {
  name_this_thread(name_);
  if (priority == WorkerPriority::background) lower_priority_of_this_thread(background_levels);
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || may_run(); });
    if (queued_ == 0) return;
    auto job = take_next();
    ++running_;
    lock.unlock();
    job();
    job = nullptr;  // destroy the job before the lock is taken again
    lock.lock();
    --running_;
  }
}

}  // namespace oee
