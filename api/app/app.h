// The composition root: the only folder that names concrete adapters. It builds the engine or the
// gateway from the configuration, runs it until a signal or a fail-stop, and stops it in reverse
// order. Main thread.
#pragma once

#include "api/app/config/config.h"

namespace oee {

// For --check-config: reads the files that the configuration names. invalid: one sentence that
// names the file and the error.
Result<void> check_named_files(const Config& config);

// Runs the engine or a gateway. Returns the exit code of the process:
//   0  stopped by a signal
//   1  failure
//   2  invalid configuration
//   4  the log is damaged
//   5  the data directory is in use
//   6  a dependency is down
int run_app(const Config& config);

}  // namespace oee
