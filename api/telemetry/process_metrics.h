// What the kernel says of this process (/proc/self, Linux only). A value of one moment; reads
// files, so not on a shard's thread.
#pragma once

#include <cstdint>

namespace oee {

struct ProcessFigures {
  double cpu_seconds = 0;         // user and system
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
};

// What cannot be read is 0.
ProcessFigures read_process_figures();

}  // namespace oee
