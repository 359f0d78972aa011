// Start-up of the log: opens or creates the store and its watermark, and checks every record from
// the watermark to the head. Every start runs it. One thread.
#pragma once

#include <memory>

#include "eventlog/rocks/store.h"
#include "eventlog/rocks/watermark.h"

namespace oee {

struct RecoveredLog {
  std::unique_ptr<RocksStore> store;
  WatermarkFile watermark;  // states the head and is synced
  Seq head = 0;
  Hash256 chain{};  // of record `head`
  WallTime time{};  // of record `head`
  Halts halts;      // in force at `head`
};

// in_use, corrupt, unsupported or io; the detail names the missing or damaged part and the remedy.
// `new_id`: the id of a log that is created here; nullopt: a random one.
Result<RecoveredLog> recover_log(const LogFiles& files, const std::filesystem::path& dir,
                                 std::size_t memtable_bytes, FailStop& fail_stop,
                                 std::optional<LogId> new_id = std::nullopt);

inline constexpr const char* watermark_name = "WATERMARK";

}  // namespace oee
