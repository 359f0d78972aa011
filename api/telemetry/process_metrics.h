// ProcessMetrics: the values that Linux reports about this process (/proc/self) at one time.
#pragma once

#include <cstdint>

namespace oee {

struct ProcessMetrics {
  double cpu_seconds = 0;         // user and system
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
};

// A value that cannot be read is 0. Reads files: not on a shard's thread.
ProcessMetrics read_process_metrics();

}  // namespace oee
