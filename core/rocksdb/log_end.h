// Where a RocksDB log file ends: behind the last thing that was appended, which need not be where
// the file does.
//   * Zeros may follow that were written ahead of the appends (core/rocksdb/zeroed_ahead.h).
//   * The last append, when it was not synced, may be on the disk in part, by pages: one that is
//     missing reads as zeros, whether ext4 recorded the new length of the file before it or it was
//     to overwrite zeros. RocksDB's kTolerateCorruptedTailRecords accepts a file that ends too
//     early, but not one whose last record has such a hole; nor does its MANIFEST. Here a hole is
//     told from damage:
//       - the record in which it is has no whole record behind it, and is short enough for an
//         append;
//       - it is of zeros up to the end of a sector, or of the record. A flipped bit is not.
// Adapter's own header: RocksDB types show. Any thread.
//
// Format: RocksDB's write-ahead log, which the MANIFEST shares. Blocks of 32 KiB hold fragments:
// CRC32C over type and payload (masked, u32), length (u16), type (full, first, middle, last), all
// little-endian, then the payload. A record is one full, or first, middles and last.
// https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>

namespace oee {

// Longer than any append between two syncs, and than what is written ahead of it.
inline constexpr std::uint64_t log_tail_bytes_max = 16 << 20;

struct LogEnd {
  enum class Kind {
    file,   // the file's own end: its last record is whole, or ends too early, or it is damaged
    zeros,  // nothing but zeros follows
    torn,   // here begins an append with a hole
  };
  Kind kind = Kind::file;
  std::uint64_t at = 0;           // what is before it counts, nothing behind it
  std::uint64_t last_record = 0;  // where the last record begins that was reached
};

// REQUIRES: at `from` a record of the file begins (0, or an earlier end's last_record).
rocksdb::IOStatus find_log_end(const rocksdb::FSRandomAccessFile& file, std::uint64_t size,
                               std::uint64_t from, LogEnd* end);

}  // namespace oee
