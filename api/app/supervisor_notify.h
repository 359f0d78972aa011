// SupervisorNotify: reports the state of the program to systemd (Type=notify): READY=1 once, when
// /readyz is 200 after recovery; STATUS= when the reasons change; STOPPING=1. Does nothing without
// NOTIFY_SOCKET. Main thread.
#pragma once

#include <optional>
#include <string>

#include "api/telemetry/health_registry.h"

namespace oee {

class SupervisorNotify {
 public:
  // `health` outlives this. `serving`: the status while the program is ready.
  SupervisorNotify(const HealthRegistry& health, std::string serving);
  // Called every second, first one second after the start: by then the log's consumers know whether
  // their databases respond.
  void update();
  void stopping();

 private:
  const HealthRegistry& health_;
  const std::string serving_;
  bool sent_ready_ = false;
  std::optional<std::string> sent_status_;
};

}  // namespace oee
