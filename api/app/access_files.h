// The files that access depends on: the list of tokens, the certificate and its key. Read at start,
// and again when the operator says so (SIGHUP). Main thread.
#pragma once

#include <memory>

#include "api/app/config.h"
#include "api/engine/engine.h"

namespace oee {

// Reads what is configured into the options, with the limits. invalid: one sentence naming the
// file.
Result<void> add_access(const Config& config, EngineOptions& options);

// Reads the files again; each that is bad is logged, and what was read from it before stays.
void reload_access(const Config& config, Engine& engine);

}  // namespace oee
