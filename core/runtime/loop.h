// Loop: the event loop of one thread. Everything that a shard owns runs on its loop; other threads
// post jobs to it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <coroutine>
#include <utility>

namespace oee {

using Loop = boost::asio::io_context;  // made with concurrency hint 1

// Any thread. Runs `job` on the loop's thread, in the order of the posts, never inside this call.
template <class Job>
void post(Loop& loop, Job&& job) {
  boost::asio::post(loop, std::forward<Job>(job));
}

// co_await reschedule(loop): resumes as a new job of the loop, after the jobs that were posted
// before.
class Reschedule {
 public:
  explicit Reschedule(Loop& loop) : loop_(loop) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    post(loop_, [waiter] { waiter.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Loop& loop_;
};
inline Reschedule reschedule(Loop& loop) {
  return Reschedule(loop);
}

}  // namespace oee
