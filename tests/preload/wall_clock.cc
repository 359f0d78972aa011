// Loaded into a program by LD_PRELOAD. The program's wall clock is then the true one plus the
// seconds in the first eight bytes of the file WALL_CLOCK_FILE, a mapped int64: a write steps the
// clock at once. The steady clock stays true. libfaketime cannot do this for Asio: it also shifts
// timerfd_settime() of the steady clock, and due timers never fire.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

std::atomic<std::int64_t>* mapped() {
  const char* name = std::getenv("WALL_CLOCK_FILE");
  const int fd = name != nullptr ? ::open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) std::abort();
  void* address = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (address == MAP_FAILED) std::abort();
  return static_cast<std::atomic<std::int64_t>*>(address);
}

std::int64_t offset_s() {
  static const std::atomic<std::int64_t>* const offset = mapped();
  return offset->load(std::memory_order_relaxed);
}

}  // namespace

extern "C" {

// NOLINTBEGIN: the C library's names
int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    time->tv_sec += offset_s();
  return static_cast<int>(result);
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1'000};
  return 0;
}

time_t time(time_t* seconds) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (seconds != nullptr) *seconds = now.tv_sec;
  return now.tv_sec;
}
// NOLINTEND
}
