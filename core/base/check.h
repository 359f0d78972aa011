// check(): stops the program on a programmer's error, in release builds too. Bad input is not such
// an error: it returns a Result (core/base/result.h). Any thread.
#pragma once

#include <source_location>

namespace oee {

// Prints `what` and the source position on stderr, then aborts.
[[noreturn]] void check_failed(const char* what, std::source_location where);

inline void check(bool holds, const char* what,
                  std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]]
    check_failed(what, where);
}

}  // namespace oee
