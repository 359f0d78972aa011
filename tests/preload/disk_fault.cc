// Loaded into a program by LD_PRELOAD. While the file DISK_FAULT_FILE exists, the program's syncs
// hang; when the file is not empty, they fail with EIO. It does what strace's injection cannot: a
// call that hangs goes on when the fault is over, and no right to trace is needed.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

namespace {

// Returns when the disk works (true) or fails (false).
bool disk_works() {
  static const char* const name = std::getenv("DISK_FAULT_FILE");
  if (name == nullptr) std::abort();
  struct stat found {};
  while (::stat(name, &found) == 0) {
    if (found.st_size > 0) return false;
    const timespec pause{0, 10'000'000};
    ::nanosleep(&pause, nullptr);
  }
  return true;
}

int failed() {
  errno = EIO;
  return -1;
}

}  // namespace

extern "C" {

// NOLINTBEGIN: the C library's names
int fdatasync(int fd) {
  return disk_works() ? static_cast<int>(::syscall(SYS_fdatasync, fd)) : failed();
}

int fsync(int fd) {
  return disk_works() ? static_cast<int>(::syscall(SYS_fsync, fd)) : failed();
}

int sync_file_range(int fd, off64_t from, off64_t size, unsigned int flags) {
  disk_works();  // RocksDB asserts that it does not fail
  return static_cast<int>(::syscall(SYS_sync_file_range, fd, from, size, flags));
}
// NOLINTEND
}
