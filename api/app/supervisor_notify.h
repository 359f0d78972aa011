// SupervisorNotify: tells systemd (Type=notify) how the program stands: READY=1 once /readyz is
// 200, after recovery; STATUS= whenever the reasons change; STOPPING=1. Does nothing without
// NOTIFY_SOCKET. Main thread.
#pragma once

#include <optional>
#include <string>

#include "api/telemetry/health_registry.h"

namespace oee {

class SupervisorNotify {
 public:
  // Both outlive this. `serving`: the status while all is well.
  SupervisorNotify(const HealthBoard& health, std::string serving);
  // Every second, a second after the start for the first time: by then the log's consumers know
  // whether their databases are there.
  void look();
  void stopping();

 private:
  const HealthBoard& health_;
  const std::string serving_;
  bool told_ready_ = false;
  std::optional<std::string> told_status_;
};

}  // namespace oee
