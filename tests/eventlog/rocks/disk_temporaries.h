// TemporariesInMemory: during its lifetime temporary directories are created in memory (/dev/shm)
// when the machine has it. For tests with thousands of openings and syncs; no test relies on it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace oee::test {

struct TemporariesInMemory {
  TemporariesInMemory() {
    if (const char* set = std::getenv("TMPDIR")) before = set;
    if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
  }
  ~TemporariesInMemory() {
    if (before.empty()) {
      ::unsetenv("TMPDIR");
    } else {
      ::setenv("TMPDIR", before.c_str(), 1);
    }
  }
  TemporariesInMemory(const TemporariesInMemory&) = delete;
  std::string before;
};

}  // namespace oee::test
