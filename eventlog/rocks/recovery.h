// Start-up of the log: opens or creates the store and its watermark, and checks everything from the
// watermark to the head. There is no other way to start. One thread.
#pragma once

#include <memory>

#include "eventlog/rocks/store.h"
#include "eventlog/rocks/watermark.h"

namespace oee {

struct RecoveredLog {
  std::unique_ptr<RocksStore> store;
  WatermarkFile watermark;  // states the head, synced
  Seq head = 0;
  Hash256 chain{};
  WallTime time{};  // of the head
};

// in_use, corrupt, unsupported or io; the detail names what is missing or damaged and what to do.
// `new_id`: of a log that is created here; none: drawn.
Result<RecoveredLog> recover_log(const LogFiles& files, const std::filesystem::path& dir,
                                 std::size_t memtable_bytes, FailStop& fail_stop,
                                 std::optional<LogId> new_id = std::nullopt);

inline constexpr const char* watermark_name = "WATERMARK";

}  // namespace oee
