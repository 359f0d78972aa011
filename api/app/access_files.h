// The files of access control and TLS: the list of tokens, the certificate and its key. Read at the
// start and again at every SIGHUP. Main thread.
#pragma once

#include <memory>

#include "api/app/config/config.h"
#include "api/engine/engine.h"

namespace oee {

// Fills in the options of access: the limits, and the files that are configured. invalid: one
// sentence that names the file.
Result<void> add_access(const Config& config, EngineOptions& options);

// Reads the files again. An error in a file is logged, and its earlier content stays in effect.
void reload_access(const Config& config, Engine& engine);

}  // namespace oee
