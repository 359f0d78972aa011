// The files of access control and TLS: the list of tokens, the certificate and its key. Read at the
// start and again at every SIGHUP, which also opens the access log anew. Main thread.
#pragma once

#include <memory>

#include "api/app/config/config.h"
#include "api/engine/engine.h"

namespace oee {

// Fills in the options of access: the limits, and the files that are configured. invalid: one
// sentence that names the file.
Result<void> add_access(const Config& config, EngineOptions& options);

// Reads the files again, and opens the access log anew. An error in a file is logged, and its
// earlier content stays in effect.
void reload_access(const Config& config, Engine& engine);

// Waits at most half a second until the access log is written. false: its thread still writes, so
// the request log must not be destroyed.
bool flush_access_log(const RequestLog& request_log);

}  // namespace oee
