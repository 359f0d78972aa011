// Raises the limit of open files for programs that read a log from outside the engine.
#pragma once

#include <sys/resource.h>

namespace oee {

// A reader keeps every file of the log open, because the engine may delete a file that the reader
// still needs. A log of 100 GB has more files than the 1,024 that a shell allows.
inline void allow_open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace oee
