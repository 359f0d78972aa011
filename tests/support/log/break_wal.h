// break_wal(): makes the next write to the log's WAL fail as on a full disk. The file descriptor
// that RocksDB holds is redirected to /dev/full: the real write fails, without a hook in the
// program.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace oee::test {

inline void break_wal(const std::filesystem::path& log_dir) {
  namespace fs = std::filesystem;
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) throw std::runtime_error("cannot open /dev/full");
  int broken = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const fs::path target = fs::read_symlink(entry.path(), gone);
    if (gone || target.parent_path() != fs::canonical(log_dir) || target.extension() != ".log")
      continue;
    if (::dup3(full, std::atoi(entry.path().filename().c_str()), O_CLOEXEC) >= 0) ++broken;
  }
  ::close(full);
  if (broken == 0) throw std::runtime_error("no WAL is open in " + log_dir.string());
}

}  // namespace oee::test
