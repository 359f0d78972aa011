#include "api/app/supervisor_notify.h"

#include <systemd/sd-daemon.h>

#include <utility>

namespace oee {

namespace {

// A supervisor that cannot be told is no reason to stop: it will say so itself.
void tell(const std::string& state) {
  static_cast<void>(::sd_notify(0, state.c_str()));
}

std::string status_of(const Readiness& readiness) {
  std::string text = "not ready: ";
  for (const std::string& reason : readiness.reasons)
    text += (&reason == &readiness.reasons.front() ? "" : "; ") + reason;
  // One line: a reason may quote another program.
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

}  // namespace

SupervisorNotify::SupervisorNotify(const HealthBoard& health, std::string serving)
    : health_(health), serving_(std::move(serving)) {}

void SupervisorNotify::look() {
  const Readiness readiness = health_.readiness();
  const std::string status = readiness.ready ? serving_ : status_of(readiness);
  std::string state;
  if (readiness.ready && !told_ready_) state += "READY=1\n";
  if (status != told_status_) state += "STATUS=" + status;
  if (state.empty()) return;
  told_ready_ = told_ready_ || readiness.ready;
  told_status_ = status;
  tell(state);
}

void SupervisorNotify::stopping() {
  tell("STOPPING=1\nSTATUS=stopping");
}

}  // namespace oee
