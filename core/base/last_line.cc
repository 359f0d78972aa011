#include "core/base/last_line.h"

#include <poll.h>
#include <unistd.h>

namespace oee {

void write_last_line(std::string_view line) {
  constexpr int wait_ms = 50;
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&room, 1, wait_ms) <= 0) return;
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace oee
