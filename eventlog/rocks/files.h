// LogFiles: what the log does with files beside RocksDB (its directory, the watermark, the free
// space), on the same file system as RocksDB: who fails one, fails the other. Any thread. Adapter's
// own header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace rocksdb {
class FileSystem;
class FSRandomRWFile;
}  // namespace rocksdb

namespace oee {

// A file that is read and overwritten in place. One thread writes; sync() may be called from
// another.
class LogFile {
 public:
  explicit LogFile(std::unique_ptr<rocksdb::FSRandomRWFile> file);
  LogFile(LogFile&&) noexcept;
  LogFile& operator=(LogFile&&) noexcept;
  ~LogFile();

  // The first `bytes_max` bytes, or fewer when the file is shorter.
  Result<std::string> read(std::size_t bytes_max) const;
  Result<void> write_at(std::uint64_t offset, std::string_view bytes);
  Result<void> sync();  // fdatasync

 private:
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
};

// Every error is `io`, or not_found where that is said; the detail names the file.
class LogFiles {
 public:
  // Null: the system's files.
  explicit LogFiles(std::shared_ptr<rocksdb::FileSystem> system = nullptr);

  const std::shared_ptr<rocksdb::FileSystem>& system() const { return system_; }

  // The names in a directory.
  Result<std::vector<std::string>> list(const std::filesystem::path& dir) const;
  // What is missing of the path is made, and survives a power cut. REQUIRES: absolute.
  Result<void> create_directories(const std::filesystem::path& dir) const;
  // The names in it survive a power cut.
  Result<void> sync_directory(const std::filesystem::path& dir) const;
  // Written beside its place, synced, renamed, and its directory synced: the file is never seen
  // without these bytes, and is there after a power cut.
  Result<void> create(const std::filesystem::path& file, std::string_view bytes) const;
  Result<LogFile> open(const std::filesystem::path& file) const;  // not_found
  // The same as open() and LogFile::read(), for who may not write the file.
  Result<std::string> read(const std::filesystem::path& file, std::size_t bytes_max) const;
  Result<std::uint64_t> free_bytes(const std::filesystem::path& dir) const;

 private:
  std::shared_ptr<rocksdb::FileSystem> system_;
};

}  // namespace oee
