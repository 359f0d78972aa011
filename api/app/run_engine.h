// The engine process (--role all): opens the stores, runs until a signal or a fail-stop, and stops
// in reverse order. Main thread.
#pragma once

#include "api/app/config/config.h"
#include "api/engine/engine.h"

namespace oee {

// Returns the exit code of the process. Errors of the start are logged.
int run_engine(const Config& config, const TokenRegistry& tokens, EngineOptions options);

}  // namespace oee
