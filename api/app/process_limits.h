// What the operating system allows the process: descriptors and memory. Main thread, before
// anything else is built.
#pragma once

#include <cstdint>

namespace oee {

// Raises the limit of open files as far as it goes. Returns how many connections fit beside the
// files of the stores: at most `wanted`; fewer are logged.
std::uint32_t connections_that_fit(std::uint32_t wanted);

// From here on an allocation that fails ends the process at once, with a sentence and exit code 1:
// half of a step must neither be answered nor gone on with, and the next start recovers.
void stop_when_memory_runs_out();

}  // namespace oee
