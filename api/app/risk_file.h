// The file of risk limits (--risk-file): read at the start, and again at every SIGHUP. Main thread.
#pragma once

#include <memory>

#include "api/app/config/config.h"
#include "core/risk/control.h"

namespace oee {

// The control with the limits of the file; null: no file is configured. invalid: one sentence that
// names the file, the line and the error.
Result<std::unique_ptr<RiskControl>> make_risk_control(const Config& config,
                                                       const TokenRegistry& tokens);

// Reads the file again. An error in it is logged, and the earlier limits stay in effect. `risk` as
// make_risk_control() returned it.
void reload_risk_limits(const Config& config, const TokenRegistry& tokens, RiskControl* risk);

}  // namespace oee
