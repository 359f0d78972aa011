// copy_log: makes or continues a second copy of a log in a directory of its own: a backup, or what
// is restored from one. Record bytes and log id stay as they are; the indexes are built anew. The
// caller's thread, blocking.
//
// After a crash the copy is a whole log up to its WATERMARK, which is written last, and whatever
// lies beyond is checked by the next copy_log(), which goes on behind it. A copy is only ever added
// to: it must agree with the log that it is a copy of.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "eventlog/audit/log_reader.h"

namespace oee {

struct CopyReport {
  Seq first_new = 1;  // head + 1: nothing was new
  Seq head = 0;
  Hash256 chain{};  // of the head
};

// What is being done ("opening", "copying", "checking"), how many records of how many; 0 of 0: not
// counted.
using CopyProgress = std::function<void(std::string_view what, Seq done, Seq total)>;

// Copies records up to from.head() as it is now. Each is checked as it is read (CRC, payload,
// contiguous seq, chain), synced, and checked again as it lies in the copy,
// indexes included, before the watermark states it.
// invalid: `dir` holds another log. in_use: somebody writes there. corrupt, unsupported: a record
// of either side is damaged or missing, or the two differ; the detail names the seq. io.
Result<CopyReport> copy_log(LogReader& from, const std::filesystem::path& dir,
                            const CopyProgress& progress);

}  // namespace oee
