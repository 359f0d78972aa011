// Health: the readiness of the process, as /health and /readyz report it. The registry implements
// it (api/telemetry/health_registry.h); tests have their own. Any thread.
#pragma once

#include <string>
#include <vector>

namespace oee {

struct Readiness {
  bool ready = false;
  std::vector<std::string> reasons;  // why it is not ready, one sentence each; empty: ready
  std::string health_json;           // a JSON object: role, head seq, lags, open orders
};

class Health {
 public:
  virtual ~Health() = default;
  virtual Readiness readiness() const = 0;
};

}  // namespace oee
