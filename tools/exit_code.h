// The exit code of a tool that reads or writes a log, after an error.
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
    default:
      return 1;
  }
}

}  // namespace oee
