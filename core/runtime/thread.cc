#include "core/runtime/thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace oee {

namespace {

// struct sched_attr of sched_setattr(2), first version. <linux/sched/types.h> cannot be included
// beside <pthread.h>: both define struct sched_param.
struct SchedulingAttributes {
  std::uint32_t size = 48;
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

}  // namespace

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

void wake_soon_on_this_thread() {
  constexpr std::uint64_t slice_ns = 100'000;
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  attributes.runtime_ns = slice_ns;
  (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void lower_priority_of_this_thread(int levels) {
  constexpr int lowest = 19;
  const auto thread = static_cast<id_t>(gettid());
  const int now = getpriority(PRIO_PROCESS, thread);
  (void)setpriority(PRIO_PROCESS, thread, std::min(now + levels, lowest));
}

}  // namespace oee
