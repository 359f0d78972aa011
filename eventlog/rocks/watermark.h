// The watermark: a small file beside the log (DIR/log/WATERMARK) that says how far the log is
// durable. Two 64-byte slots, written in turn; the valid one with the larger seq counts. It is
// pwritten after every commit's sync (exact after kill -9, and the bound that readers keep to) and
// fdatasynced at most every 100 ms off the commit path (a lower bound after a power cut). Slot:
// magic "OEEW" | version u32 | seq u64 | chain hash [32] | reserved [12] | CRC32C of the 60 bytes
// before.
#pragma once

#include <filesystem>
#include <optional>

#include "core/base/sha256.h"
#include "core/order/ids.h"
#include "eventlog/rocks/files.h"

namespace oee {

struct Watermark {
  Seq seq = 0;
  Hash256 chain{};
  bool other_slot_damaged = false;  // as read: the damaged one may have stated a later seq
};

// not_found: no file; corrupt: no valid slot. Any process, any time: a torn slot leaves the other
// valid.
Result<Watermark> read_watermark(const std::filesystem::path& file,
                                 const LogFiles& files = LogFiles());

// The log's writer. One thread writes; sync() may be called from another.
class WatermarkFile {
 public:
  // Opens, or creates with `initial` (synced, and its directory entry too).
  static Result<WatermarkFile> open(const std::filesystem::path& file, Watermark initial,
                                    const LogFiles& files = LogFiles());

  Result<void> write(const Watermark& mark);  // pwrite of the other slot, no sync
  Result<void> sync();                        // fdatasync
  const Watermark& last() const { return last_; }

 private:
  WatermarkFile(LogFile file, Watermark last, int next_slot);
  LogFile file_;
  Watermark last_;
  int next_slot_ = 0;
};

}  // namespace oee
