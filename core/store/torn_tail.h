// What a power cut leaves of the last append to a RocksDB log file, and how RocksDB is kept from
// taking it for damage.
//
// An append that was not synced may be on the disk in part, by pages: ext4 records the new length
// of a file before its new pages are written, and those that are not read as zeros. RocksDB's
// kTolerateCorruptedTailRecords accepts a file that ends too early, but not one whose last record
// has a hole, and the same goes for its MANIFEST: the database would not open. So a hole is told
// from damage here:
//   * the record in which it is has no whole record behind it, and is short enough for an append;
//   * it is of zeros up to the end of a sector, or of the file. A flipped bit is not.
// Adapter's own header: RocksDB types show. Any thread.
//
// Format: RocksDB's write-ahead log, which the MANIFEST shares. Blocks of 32 KiB hold fragments:
// CRC32C over type and payload (masked, u32), length (u16), type (full, first, middle, last), all
// little-endian, then the payload. A record is one full, or first, middles and last.
// https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace oee {

// Longer than any append between two syncs: what is torn is never more than this.
inline constexpr std::uint64_t torn_tail_bytes_max = 16 << 20;

// Where the torn last append begins: what is before it is whole, and nothing behind it counts.
// nullopt: the file has no hole of that kind (it is whole, ends too early, or is damaged).
rocksdb::IOStatus find_torn_tail(rocksdb::FileSystem& files, const std::string& name,
                                 std::optional<std::uint64_t>* begin);

// The same files, of which a MANIFEST and the newest write-ahead log that holds anything end where
// their torn last append begins, to who reads them in sequence, as RocksDB's recovery does. A
// warning says what was left out. Nothing is written: recovery begins new files.
std::shared_ptr<rocksdb::FileSystem> without_torn_tails(std::shared_ptr<rocksdb::FileSystem> files);

// The system's files, without torn tails; never destroyed.
rocksdb::Env* env_without_torn_tails();

}  // namespace oee
