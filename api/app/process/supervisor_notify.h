// SupervisorNotify: reports the state of the program to systemd (Type=notify): READY=1 once, when
// /readyz is 200 after recovery; STATUS= when the reasons change; STOPPING=1; with WatchdogSec=
// WATCHDOG=1 every second in which the program makes progress. It never waits: a message for which
// systemd has no room is sent again a second later. Does nothing without NOTIFY_SOCKET.
// Main thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/telemetry/health_registry.h"

namespace oee {

class SupervisorNotify {
 public:
  // `health` outlives this. `serving`: the status while the program is ready. `makes_progress` is
  // called in every update().
  SupervisorNotify(const HealthRegistry& health, std::string serving,
                   std::function<bool()> makes_progress);
  // Called every second, first one second after the start: by then the log's consumers know whether
  // their databases respond.
  void update();
  void stopping();

 private:
  const HealthRegistry& health_;
  const std::string serving_;
  const std::function<bool()> makes_progress_;
  const bool watchdog_;  // systemd waits for WATCHDOG=1
  bool sent_ready_ = false;
  std::optional<std::string> sent_status_;
};

}  // namespace oee
