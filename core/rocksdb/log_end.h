// find_log_end(): finds the end of the appended records in a RocksDB log file. It need not be the
// end of the file:
//   * Zeros may follow that were written ahead of the appends (core/rocksdb/zeroed_ahead.h).
//   * After a power cut an append that was not synced may be on the disk in part, and after a kill
//     in the file. The file ends too early, or a part reads as zeros: ext4 recorded the new length
//     of the file before the page, or the append was to overwrite zeros. RocksDB's
//     kTolerateCorruptedTailRecords accepts a file that ends too early, and does not report it; it
//     does not accept one whose last record has a hole. RocksDB's reader of the MANIFEST does not
//     accept it either.
//
// Zeros are a hole, and not damage, when
//   * no whole record follows the record with the zeros,
//   * that record is short enough for an append (log_tail_bytes_max), and
//   * the zeros reach the end of a sector or of the record. A flipped bit does not look like that.
// Adapter's own header: it uses RocksDB's types. Any thread.
//
// Format: RocksDB's write-ahead log, which the MANIFEST shares. Blocks of 32 KiB hold fragments:
// CRC32C over type and payload (masked, u32), length (u16), type (full, first, middle, last), all
// little-endian, then the payload. A record is one full, or first, middles and last.
// https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>

namespace oee {

// Longer than any append between two syncs, and longer than the zeros ahead of it.
inline constexpr std::uint64_t log_tail_bytes_max = 16 << 20;

struct LogEnd {
  enum class Kind {
    file,   // the end of the file: its last record is whole, or the file is damaged
    zeros,  // only zeros follow
    torn,   // an append follows that has a hole or is cut short by the end of the file
  };
  Kind kind = Kind::file;
  std::uint64_t at = 0;           // the end: the bytes before it are valid
  std::uint64_t last_record = 0;  // begin of the last record that was reached
};

// Reads the file from `from` to `size`, its present size. Errors are those of its reads. REQUIRES:
// a record begins at `from` (0, or the last_record of an earlier end).
rocksdb::IOStatus find_log_end(const rocksdb::FSRandomAccessFile& file, std::uint64_t size,
                               std::uint64_t from, LogEnd* end);

}  // namespace oee
