// check(): a programmer's error stops the program, in release builds too. Never used for bad input.
#pragma once

#include <source_location>

namespace oee {

[[noreturn]] void check_failed(const char* what, std::source_location where);

inline void check(bool holds, const char* what,
                  std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]]
    check_failed(what, where);
}

}  // namespace oee
