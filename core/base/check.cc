#include "core/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace oee {

void check_failed(const char* what, std::source_location where) {
  std::fprintf(stderr, "check failed: %s (%s:%u, %s)\n", what, where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name());
  std::abort();
}

}  // namespace oee
