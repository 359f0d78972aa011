// Pinned: keeps this thread, and what it starts meanwhile, on some cores. The destructor restores
// the cores of before.
#pragma once

#include <sched.h>

#include <stdexcept>
#include <vector>

namespace oee::test {

class Pinned {
 public:
  // Throws std::runtime_error when there is no such core.
  explicit Pinned(const std::vector<int>& cores) {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int core : cores) CPU_SET(core, &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0)
      throw std::runtime_error("cannot be pinned to a core");
  }
  ~Pinned() { ::sched_setaffinity(0, sizeof before_, &before_); }
  Pinned(const Pinned&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace oee::test
