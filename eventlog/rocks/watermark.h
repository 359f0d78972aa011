// The watermark: a small file beside the log (DIR/log/WATERMARK) that states the durable head. It
// has two 64-byte slots, written in turn; the valid one with the larger seq counts. It is written
// with pwrite after every commit's sync: it is exact after kill -9, and readers of the directory go
// no further. It is synced with fdatasync at most every 100 ms, off the commit path: it is a lower
// bound after a power cut.
//
// Slot: magic "OEEW" | version u32 | seq u64 | chain hash [32] | reserved [12] | CRC32C of the 60
// bytes before.
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
  bool other_slot_damaged = false;  // set by reading: the damaged slot may have had a later seq
};

// not_found: no file; corrupt: no valid slot. Any process may read at any time: while one slot is
// written the other stays valid.
Result<Watermark> read_watermark(const std::filesystem::path& file,
                                 const LogFiles& files = LogFiles());

// The watermark as the log's writer uses it. One thread writes; sync() may be called from another.
class WatermarkFile {
 public:
  // Opens the file, or creates it with `initial`; then the file and its directory entry are synced.
  static Result<WatermarkFile> open(const std::filesystem::path& file, Watermark initial,
                                    const LogFiles& files = LogFiles());

  Result<void> write(const Watermark& mark);  // pwrite to the older slot, no sync
  Result<void> sync();                        // fdatasync
  const Watermark& last() const { return last_; }

 private:
  WatermarkFile(LogFile file, Watermark last, int next_slot);
  LogFile file_;
  Watermark last_;
  int next_slot_ = 0;
};

}  // namespace oee
