// MainLoop: the loop of the main thread. It handles signals and runs the periodic upkeep. A thread
// of its own ends the process when the main thread cannot: after a fail-stop, and when a stop takes
// too long, also while the start hangs. Calls come on the main thread, unless stated otherwise.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "core/base/result.h"
#include "core/runtime/loop.h"

namespace oee {

class MainLoop {
 public:
  // From here on SIGTERM and SIGINT request the stop; SIGPIPE is ignored. 9.5 s after the signal
  // the process ends with exit code 1, unless it has ended before.
  MainLoop();
  ~MainLoop();

  // `reload` is called at every SIGHUP from here on.
  void on_hangup(std::function<void()> reload);

  // The process exits with the error's exit code as soon as responses under way are sent; before
  // run(), as soon as that is called. When a stop is requested, the orderly stop goes on instead,
  // and failed_code() is the exit code. Logs the reason. Any thread.
  void fail_stop(const Error& why);
  // The exit code of the first fail_stop(); 0: none. Any thread.
  int failed_code() const { return failed_code_; }

  // Returns when a stop is requested. `upkeep` is called every second, or later when it takes
  // longer.
  void run(std::function<void()> upkeep);

  // For waits before run(): handles signals for `time`. false: a stop is requested.
  bool wait(std::chrono::milliseconds time);

 private:
  void arm(std::function<void()> upkeep);
  void watch_stop();
  void exit_failed();

  Loop loop_{1};
  boost::asio::executor_work_guard<Loop::executor_type> keep_running_;
  boost::asio::signal_set hangups_;
  boost::asio::steady_timer timer_;
  std::atomic<bool> running_{false};
  std::atomic<bool> stop_requested_{false};
  std::atomic<int> failed_code_{0};

  Loop watch_loop_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer stop_end_;
  std::thread watch_;
};

}  // namespace oee
