// The exit code of a program that an error has ended: the engine, and the tools of the log. Any
// thread.
#pragma once

#include "core/base/result.h"

namespace oee {

inline int exit_code(Errc code) {
  switch (code) {
    case Errc::invalid:
      return 2;
    case Errc::not_found:
      return 3;
    case Errc::corrupt:
    case Errc::unsupported:
      return 4;
    case Errc::in_use:
      return 5;
    case Errc::unavailable:  // of the engine alone: a log's reader waits for its files, or says
                             // corrupt
      return 6;
    default:
      return 1;
  }
}

}  // namespace oee
