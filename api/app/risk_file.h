// The file of risk limits (--risk-file): read at the start, and again at every SIGHUP. Main thread.
#pragma once

#include "api/app/config/config.h"
#include "api/engine/engine.h"
#include "core/risk/limits.h"

namespace oee {

// The limits of the file; no limits when no file is configured. invalid: one sentence that names
// the file, the line and the error.
Result<RiskLimits> read_risk_limits(const Config& config, const TokenRegistry& tokens);

// Reads the file again, if one is configured, and changes the limits. An error in it is logged, and
// the earlier limits stay in effect.
void reload_risk_limits(const Config& config, const TokenRegistry& tokens, Engine& engine);

}  // namespace oee
