// Reads the configuration. Order: flag, environment (OEE_<FLAG>, and DATABASE_URL, REDIS_URL or
// REDIS_HOST/REDIS_PORT, HOST, PORT), file, default. An unknown key or a bad value is an error that
// names it. Called once, in main.
#pragma once

#include <variant>

#include "api/app/config/config.h"
#include "api/app/config/sources.h"
#include "core/base/result.h"

namespace oee {

// ConfigHelp: --help, --version or --new-token is given. invalid: one sentence that names the key
// and the error (exit 2).
Result<std::variant<Config, ConfigHelp>> parse_config(int argc, const char* const* argv);

// Whether only this machine can connect. Of all names only localhost is certain to stay on it.
bool is_loopback(const Config& config);

}  // namespace oee
