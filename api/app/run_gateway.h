// The gateway process (--role gateway): reads and streams over PostgreSQL and Redis, without a log.
// Runs until a signal. Main thread.
#pragma once

#include "api/app/config/config.h"
#include "api/engine/engine.h"

namespace oee {

// Returns the exit code of the process. Errors of the start are logged. While PostgreSQL cannot be
// read, the start waits.
int run_gateway(const Config& config, const TokenRegistry& tokens, const EngineOptions& options);

}  // namespace oee
