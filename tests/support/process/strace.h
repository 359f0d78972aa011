// Whether strace can trace system calls here: it is installed and this user may trace. Tests that
// need it are skipped otherwise.
#pragma once

#include <stdexcept>

#include "tests/support/process/servers.h"

namespace oee::test {

inline bool strace_works() {
  try {
    return run({"strace", "-f", "-e", "trace=fsync", "true"}).exit_code == 0;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace oee::test
