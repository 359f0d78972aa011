// exit_code(): the exit code of a program that ends with an error. The engine and the tools of the
// log use it. Any thread.
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
    // the engine only: a reader of the log waits for its files, or reports `corrupt`
    case Errc::unavailable:
      return 6;
    default:
      return 1;
  }
}

}  // namespace oee
