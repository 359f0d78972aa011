#include "core/base/check.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/base/last_line.h"

namespace oee {

void check_failed(const char* what, std::source_location where) {
  char line[1'024];
  const int size =
      std::snprintf(line, sizeof line, "check failed: %s (%s:%u, %s)\n", what, where.file_name(),
                    static_cast<unsigned>(where.line()), where.function_name());
  write_last_line({line, std::min(static_cast<std::size_t>(size), sizeof line - 1)});
  std::abort();
}

}  // namespace oee
