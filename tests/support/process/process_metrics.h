// Memory, descriptors and processor time of a process, as Linux reports them: for tests that
// compare them over time.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace oee::test {

// A size in KiB from /proc/PID/status, by its name there: VmRSS, VmHWM, VmData. 0: no such process.
inline std::uint64_t memory_kib(pid_t pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (status >> word) {
    std::uint64_t kib = 0;
    if (word == name + ":" && status >> kib) return kib;
  }
  return 0;
}
inline std::uint64_t resident_kib(pid_t pid = getpid()) {
  return memory_kib(pid, "VmRSS");
}

inline std::size_t open_descriptors(pid_t pid = getpid()) {
  std::size_t count = 0;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", ignored)) {
    (void)entry;
    ++count;
  }
  return count;
}

// Processor time of all its threads, user and system. 0: no such process.
inline double processor_seconds(pid_t pid = getpid()) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  std::getline(stat, word, ')');  // the name may contain spaces
  // proc(5): the third field follows, utime and stime are the 14th and 15th.
  for (int field = 3; field < 14; ++field) stat >> word;
  double user = 0, system = 0;
  stat >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// Sanitizers keep freed memory, so bounds on memory hold in builds without them only.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool memory_is_measurable = false;
#else
inline constexpr bool memory_is_measurable = true;
#endif

}  // namespace oee::test
