#include "core/runtime/worker.h"

#include <pthread.h>

namespace oee {

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

Worker::Worker(std::string name, std::size_t queue_max, std::size_t threads)
    : name_(std::move(name)), queue_max_(queue_max) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run_thread(); });
}

Worker::Worker(Loop& loop, std::size_t queue_max) : loop_(&loop), queue_max_(queue_max) {}

Worker::~Worker() {
  stop();
}

bool Worker::post(std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(job));
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

void Worker::run_next() {
  std::unique_lock lock(mutex_);
  auto job = std::move(queue_.front());
  queue_.pop_front();
  lock.unlock();
  job();
}

void Worker::run_thread() {
  name_this_thread(name_);
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // destroy the job before the lock is taken again
    lock.lock();
  }
}

}  // namespace oee
