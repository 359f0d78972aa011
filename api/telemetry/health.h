// Health: the readiness of the process, as /health and /readyz report it. The registry implements
// it (api/telemetry/health_registry.h); tests have their own. Any thread.
#pragma once

#include <string>
#include <vector>

namespace oee {

struct Readiness {
  bool ready = false;
  // Why it is not ready, one sentence each; empty: ready. They may name hosts, users and files.
  std::vector<std::string> reasons;
  std::vector<std::string> words;  // the same reasons without such names
  bool words_only = false;         // `reasons` are for this machine and its operators only
  std::string health_json;         // a JSON object: role, head seq, lags, open orders
};

class Health {
 public:
  virtual ~Health() = default;
  virtual Readiness readiness() const = 0;
};

}  // namespace oee
