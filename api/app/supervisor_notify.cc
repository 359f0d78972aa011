#include "api/app/supervisor_notify.h"

#include <systemd/sd-daemon.h>

#include <utility>

namespace oee {

namespace {

// An error is ignored: a supervisor that gets no message reports that itself.
void send(const std::string& state) {
  static_cast<void>(::sd_notify(0, state.c_str()));
}

std::string status_of(const Readiness& readiness) {
  std::string text = "not ready: ";
  for (const std::string& reason : readiness.reasons)
    text += (&reason == &readiness.reasons.front() ? "" : "; ") + reason;
  // One line: a reason may contain the message of another program.
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

}  // namespace

SupervisorNotify::SupervisorNotify(const HealthRegistry& health, std::string serving,
                                   std::function<bool()> makes_progress)
    : health_(health),
      serving_(std::move(serving)),
      makes_progress_(std::move(makes_progress)),
      watchdog_(::sd_watchdog_enabled(0, nullptr) > 0) {}

void SupervisorNotify::update() {
  const Readiness readiness = health_.readiness();
  const std::string status = readiness.ready ? serving_ : status_of(readiness);
  const bool progress = makes_progress_();
  std::string state;
  if (readiness.ready && !sent_ready_) state += "READY=1\n";
  if (watchdog_ && progress) state += "WATCHDOG=1\n";
  if (status != sent_status_) state += "STATUS=" + status;
  if (state.empty()) return;
  sent_ready_ = sent_ready_ || readiness.ready;
  sent_status_ = status;
  send(state);
}

void SupervisorNotify::stopping() {
  send("STOPPING=1\nSTATUS=stopping");
}

}  // namespace oee
