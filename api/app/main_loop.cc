#include "api/app/main_loop.h"

#include <csignal>
#include <cstdlib>

#include "api/telemetry/consumer_lag.h"
#include "core/base/exit_code.h"
#include "core/base/log.h"

namespace oee {
namespace {

// Time for the responses under way to leave the process.
constexpr std::chrono::milliseconds last_responses{200};
// An orderly stop takes less. A supervisor usually kills the process after 10 s.
constexpr std::chrono::milliseconds stop_max{9'500};

}  // namespace

MainLoop::MainLoop() : signals_(loop_, SIGTERM, SIGINT), hangups_(loop_, SIGHUP), timer_(loop_) {
  std::signal(SIGPIPE, SIG_IGN);
  signals_.async_wait([this](const boost::system::error_code& ec, int) {
    if (ec) return;
    stop_requested_ = true;
    loop_.stop();
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
  post(loop_, [code] {
    std::this_thread::sleep_for(last_responses);
    std::quick_exit(code);
  });
  log::error("fail-stop", log::field("why", why.detail), log::field("code", to_string(why.code)));
}

void MainLoop::run(std::function<void()> upkeep) {
  arm(std::move(upkeep));
  if (!stop_requested_) loop_.run();
  if (!stop_requested_) return;
  std::thread([] {
    std::this_thread::sleep_for(stop_max);
    log::error("the stop takes too long; the process exits at once and the next start recovers");
    std::quick_exit(1);
  }).detach();
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
