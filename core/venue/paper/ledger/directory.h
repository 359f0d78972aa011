// The directory of a durable ledger. Any thread.
#pragma once

#include <filesystem>

#include "core/base/result.h"

namespace oee {

// Makes `dir` when it is missing. While it holds no ledger yet, its own entry and the way to it are
// synced: else a power cut could take the directory with every settlement that was synced in it,
// and the venue would settle them again. io: the detail names the directory.
Result<void> prepare_ledger_directory(const std::filesystem::path& dir);

}  // namespace oee
