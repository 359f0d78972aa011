// The reports of a start to the operator, the same for engine and gateway. Main thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/app/config/config.h"
#include "core/base/result.h"

namespace oee {

// Logs that the process serves, with its main settings.
void log_listening(const Config& config, std::uint16_t port, std::string_view role);

// "serving on HOST port PORT", for the supervisor.
std::string serving_status(const Config& config, std::uint16_t port);

// Logs why the process cannot start. Returns its exit code.
int refuse_start(const Error& error);

// For errors of Engine::start(), when threads may run already: as above, and ends the process at
// once. A port that is in use exits with 1, because 5 means that the data directory is in use.
[[noreturn]] void abandon_start(const Error& error);

}  // namespace oee
