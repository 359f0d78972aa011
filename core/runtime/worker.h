// Worker: a named thread, or several, with a bounded queue. A loop's coroutine makes blocking calls
// only here.
//   auto job = [&history, id] { return history.order(id, std::nullopt); };
//   auto order = co_await worker.run(loop, std::move(job));   // name the lambda first (g++ 12)
// The coroutine resumes on `loop`. The clients that have jobs take turns, one job a turn, so that
// one with many jobs does not delay the others. The jobs of one client start in the order of the
// posts; with several threads one may overtake another, and the seam that they use must allow calls
// at the same time.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/runtime/loop.h"
#include "core/runtime/thread.h"

namespace oee {

// background: the threads have a lower priority than the program's others (nice 10). Also no more
// results of run() wait for their loops than there are threads, so that a loop is never busy with a
// long row of results.
enum class WorkerPriority : std::uint8_t { normal, background };

class Worker {
 public:
  // At most `queue_max` jobs wait, and one more for each client that has none. The threads have the
  // name `name`.
  Worker(std::string name, std::size_t queue_max, std::size_t threads = 1,
         WorkerPriority priority = WorkerPriority::normal);
  // A worker without a thread: its jobs run on `loop`, for a program of one thread (a simulation).
  Worker(Loop& loop, std::size_t queue_max);
  ~Worker();  // stop()
  Worker(const Worker&) = delete;

  // Any thread. False: the queue is full or the worker is stopped, and `job` does not run.
  // `client`: any number that its jobs have in common.
  bool post(std::function<void()> job, std::uint64_t client = 0);
  // Runs the queued jobs, then ends the threads. A worker without a thread leaves them to the loop.
  // Idempotent.
  void stop();

  // co_await worker.run(loop, f): the result of `f()`, a Result<T>, run as a job. full: the queue
  // is full or the worker is stopped; `f` did not run.
  template <class F>
  auto run(Loop& resume_on, F f, std::uint64_t client = 0) {
    return Run<F>(*this, resume_on, std::move(f), client);
  }

 private:
  template <class F>
  class Run {
   public:
    using R = std::invoke_result_t<F&>;
    Run(Worker& worker, Loop& loop, F f, std::uint64_t client)
        : worker_(worker), loop_(loop), f_(std::move(f)), client_(client) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      // `this` is part of the suspended coroutine's frame until it resumes.
      boost::asio::executor_work_guard<Loop::executor_type> keep(loop_.get_executor());
      const bool taken = worker_.post(
          [this, waiter, keep] {
            result_.emplace(f_());
            worker_.add_result();
            oee::post(loop_, [&worker = worker_, waiter] {
              waiter.resume();
              worker.remove_result();
            });
          },
          client_);
      if (!taken) result_.emplace(Error{Errc::full, "the queue of a worker thread is full"});
      return taken;
    }
    R await_resume() { return std::move(*result_); }

   private:
    Worker& worker_;
    Loop& loop_;
    F f_;
    const std::uint64_t client_;
    std::optional<R> result_;
  };

  void run_thread(WorkerPriority priority);
  void run_next();
  bool may_run() const { return queued_ > 0 && running_ + results_ < results_max_; }
  void add_result();
  void remove_result();
  // REQUIRES: mutex_ is held, and a job waits.
  std::function<void()> take_next();
  const std::string name_;
  Loop* const loop_ = nullptr;  // null: the jobs run on the thread
  const std::size_t queue_max_;
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  const std::size_t results_max_ = unlimited;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<std::uint64_t, std::deque<std::function<void()>>> waiting_;  // by client
  std::deque<std::uint64_t> turns_;  // the clients with waiting jobs; the first one is next
  std::size_t queued_ = 0;           // jobs in waiting_
  std::size_t running_ = 0;          // jobs on the threads: each may become a result
  std::size_t results_ = 0;          // whose loops have not resumed their coroutines
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace oee
