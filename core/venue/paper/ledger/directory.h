// The directory of a durable ledger. Any thread.
#pragma once

#include <filesystem>

#include "core/base/result.h"

namespace oee::paper {

// Creates `dir` when it is missing. Until a ledger is in it, the directory entries of `dir` and of
// its ancestors are synced: otherwise a power cut could remove the directory with every synced
// settlement in it, and the venue would settle those orders again. io: the detail names the
// directory.
Result<void> prepare_ledger_directory(const std::filesystem::path& dir);

}  // namespace oee::paper
