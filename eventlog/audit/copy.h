// copy_log: makes or continues a copy of a log in another directory: a backup, or a log restored
// from a backup. Record bytes and log id are unchanged; the indexes are built anew. Blocks the
// caller's thread.
//
// After a crash the copy is a whole log up to its WATERMARK, which is written last. The next
// copy_log() checks the records beyond the watermark and continues after them. copy_log() only adds
// records to a copy: the records that it already has must be equal to those of the log.
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

// `step`: "opening", "copying" or "checking"; `done` of `total` records. 0 of 0: not counted.
using CopyProgress = std::function<void(std::string_view step, Seq done, Seq total)>;

// Copies records up to the present from.head(). The copy gets `epoch`: a restored log a new one, a
// backup that of the log. Each record is checked when it is read (CRC,
// payload, contiguous seq, chain), written and synced, and checked again in the copy, indexes
// included, before the watermark states it. invalid: `dir` holds another log. in_use: another
// process writes to `dir`. corrupt, unsupported: a record of either log is damaged or missing, or
// the two logs differ; the detail names the seq. io.
Result<CopyReport> copy_log(LogReader& from, const std::filesystem::path& dir,
                            const LogEpoch& epoch, const CopyProgress& progress);

}  // namespace oee
