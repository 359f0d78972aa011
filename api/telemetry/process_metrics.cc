#include "api/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace oee {
namespace {

// The time at which the machine started, in seconds since 1970.
double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

}  // namespace

// proc(5): fields are counted from 1. The second is the program's name in brackets, which may
// contain any character.
ProcessMetrics read_process_metrics() {
  ProcessMetrics metrics;
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::string field;
  for (int number = 3; fields >> field; ++number) {
    const auto value = std::strtoull(field.c_str(), nullptr, 10);
    if (number == 14 || number == 15)
      metrics.cpu_seconds += static_cast<double>(value) / ticks_per_second;
    if (number == 20) metrics.threads = value;
    if (number == 22)
      metrics.start_time_seconds = boot_time() + static_cast<double>(value) / ticks_per_second;
    if (number == 23) metrics.virtual_bytes = value;
    if (number == 24)
      metrics.resident_bytes = value * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  std::error_code ec;
  for (std::filesystem::directory_iterator it("/proc/self/fd", ec), end; !ec && it != end;
       it.increment(ec))
    ++metrics.open_fds;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) metrics.max_fds = limit.rlim_cur;
  return metrics;
}

}  // namespace oee
