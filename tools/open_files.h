// Raises the limit of open files for who reads a log from outside.
#pragma once

#include <sys/resource.h>

namespace oee {

// The reader holds every file of the log open, as the engine may delete one that it still needs: a
// log of 100 GB has more than the 1,024 that a shell allows.
inline void allow_open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace oee
