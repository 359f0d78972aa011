// write_last_line(): the last line of a process that ends at once, past the queue of the operator
// log (core/base/log.h). Any thread.
#pragma once

#include <string_view>

namespace oee {

// Writes `line`, which ends with a newline, to stderr. A reader of stderr that is stuck for 50 ms
// misses it. Allocates nothing.
void write_last_line(std::string_view line);

}  // namespace oee
