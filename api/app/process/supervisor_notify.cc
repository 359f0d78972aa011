#include "api/app/process/supervisor_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace oee {

namespace {

// As sd_notify(0, state), which waits for room while the supervisor does not read. false: there is
// no room. Any other error is ignored: a supervisor that gets no message reports that itself.
bool send(const std::string& state) {
  const char* const variable = std::getenv("NOTIFY_SOCKET");
  const std::string_view name = variable != nullptr ? variable : "";
  sockaddr_un address{};
  if (name.empty() || name.size() >= sizeof address.sun_path) return true;
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';  // an abstract socket
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const ssize_t sent =
      ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size()));
  const bool full = sent < 0 && errno == EAGAIN;
  if (fd >= 0) ::close(fd);
  return !full;
}

std::string status_of(const Readiness& readiness) {
  std::string text = "not ready: ";
  for (const std::string& reason : readiness.reasons)
    text += (&reason == &readiness.reasons.front() ? "" : "; ") + reason;
  // One line: a reason may contain the message of another program.
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

}  // namespace

SupervisorNotify::SupervisorNotify(const HealthRegistry& health, std::string serving,
                                   std::function<bool()> makes_progress)
    : health_(health),
      serving_(std::move(serving)),
      makes_progress_(std::move(makes_progress)),
      watchdog_(::sd_watchdog_enabled(0, nullptr) > 0) {}

void SupervisorNotify::update() {
  const Readiness readiness = health_.readiness();
  const std::string status = readiness.ready ? serving_ : status_of(readiness);
  const bool progress = makes_progress_();
  std::string state;
  if (readiness.ready && !sent_ready_) state += "READY=1\n";
  if (watchdog_ && progress) state += "WATCHDOG=1\n";
  if (status != sent_status_) state += "STATUS=" + status;
  if (state.empty() || !send(state)) return;
  sent_ready_ = sent_ready_ || readiness.ready;
  sent_status_ = status;
}

void SupervisorNotify::stopping() {
  static_cast<void>(send("STOPPING=1\nSTATUS=stopping"));
}

}  // namespace oee
