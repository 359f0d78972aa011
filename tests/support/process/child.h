// Starts child processes that cannot outlive the test program. Used by servers.cc and process.cc.
#pragma once

#include <sys/types.h>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace oee::test {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct Launch {
  std::vector<std::string> argv;    // argv[0] without a slash is looked up in PATH
  int input_fd = -1;                // -1: /dev/null
  int output_fd = -1;               // -1: inherited
  int error_fd = -1;                // -1: the same as output_fd
  std::optional<Account> account;   // run as this user (only root can)
  std::filesystem::path directory;  // working directory; empty: inherited
  // The kernel sends this signal when the *thread* that launched the child ends. Launch from the
  // test's main thread, or from a thread that outlives the child.
  int signal_at_parent_death = SIGKILL;
};

// Returns the child's pid. Throws std::runtime_error with the program's name when it cannot be
// started.
pid_t launch(const Launch& what);

// Waits up to `seconds`; negative: without a limit. Returns the exit code, 128 + signal when the
// child was killed, nullopt when it still runs.
std::optional<int> wait_exit(pid_t pid, double seconds);

}  // namespace oee::test
