// The limits of the operating system: descriptors and memory. Main thread, before anything else is
// built.
#pragma once

#include <cstdint>

namespace oee {

// Raises the limit of open files to its maximum. Returns the number of connections that fit beside
// the files of the stores, at most `wanted`. Logs a warning when it is lower.
std::uint32_t connections_that_fit(std::uint32_t wanted);

// From here on, when an allocation fails, the process logs it and exits with code 1. A half-done
// step is neither answered nor continued; the next start recovers.
void stop_when_memory_runs_out();

}  // namespace oee
