#include "api/app/process/main_loop.h"

#include <csignal>
#include <cstdlib>

#include "api/telemetry/consumer_lag.h"
#include "core/base/exit_code.h"
#include "core/base/log.h"
#include "core/runtime/worker.h"

namespace oee {
namespace {

// Time for the responses under way to leave the process.
constexpr std::chrono::milliseconds last_responses{200};
// An orderly stop takes less. A supervisor usually kills the process after 10 s.
constexpr std::chrono::milliseconds stop_max{9'500};

}  // namespace

MainLoop::MainLoop()
    : keep_running_(loop_.get_executor()),
      hangups_(loop_, SIGHUP),
      timer_(loop_),
      signals_(watch_loop_, SIGTERM, SIGINT),
      stop_end_(watch_loop_) {
  std::signal(SIGPIPE, SIG_IGN);
  watch_stop();
  watch_ = std::thread([this] {
    name_this_thread("watch");
    watch_loop_.run();
  });
}

MainLoop::~MainLoop() {
  watch_loop_.stop();
  watch_.join();
}

// The handlers run on the watch thread.
void MainLoop::watch_stop() {
  signals_.async_wait([this](const boost::system::error_code& ec, int) {
    if (ec) return;
    stop_requested_ = true;
    loop_.stop();
    stop_end_.expires_after(stop_max);
    stop_end_.async_wait([](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      log::error("the stop takes too long; the process exits at once and the next start recovers");
      std::quick_exit(1);
    });
  });
}

void MainLoop::on_hangup(std::function<void()> reload) {
  hangups_.async_wait([this, reload = std::move(reload)](const boost::system::error_code& ec, int) {
    if (ec) return;
    reload();
    on_hangup(reload);
  });
}

void MainLoop::fail_stop(const Error& why) {
  const int code = exit_code(why.code);
  int none = 0;
  failed_code_.compare_exchange_strong(none, code);
  if (running_) exit_failed();
  log::error("fail-stop", log::field("why", why.detail), log::field("code", to_string(why.code)));
}

void MainLoop::exit_failed() {
  post(watch_loop_, [this] {
    if (stop_requested_) return;
    std::this_thread::sleep_for(last_responses);
    std::quick_exit(failed_code_);
  });
}

void MainLoop::run(std::function<void()> upkeep) {
  running_ = true;
  if (failed_code_ != 0) exit_failed();
  arm(std::move(upkeep));
  loop_.run();
  log::info("stopping");
}

bool MainLoop::wait(std::chrono::milliseconds time) {
  loop_.run_for(time);
  return !stop_requested_;
}

void MainLoop::arm(std::function<void()> upkeep) {
  timer_.expires_after(ConsumerLag::sample_every);
  timer_.async_wait([this, upkeep = std::move(upkeep)](const boost::system::error_code& ec) {
    if (ec) return;
    upkeep();
    arm(upkeep);
  });
}

}  // namespace oee
