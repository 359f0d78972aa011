// The composition root: the only place that names concrete adapters. It builds what the
// configuration asks for, runs it until a signal or a fail-stop, and takes it down in reverse. Main
// thread.
#pragma once

#include "api/app/config.h"

namespace oee {

// For --check-config: reads the files that the configuration names. invalid: what is wrong in one.
Result<void> check_named_files(const Config& config);

// Runs the engine or a gateway; returns the process's exit code (see API.md: 0 ok, 1 failure, 2
// usage, 4 verification failed, 5 data directory in use, 6 a dependency is down).
int run_app(const Config& config);

}  // namespace oee
