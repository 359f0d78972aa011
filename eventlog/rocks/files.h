// LogFiles: the log's file operations beside RocksDB: its directory, the watermark, the free space.
// They use the same rocksdb::FileSystem as the store, so that a test's fault reaches both. Any
// thread. Private to the adapter.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace rocksdb {
class FileSystem;
class FSRandomRWFile;
class FileLock;
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

// RocksDB's lock of a directory. It is released when this object is destroyed.
class DirectoryLock {
 public:
  DirectoryLock(std::shared_ptr<rocksdb::FileSystem> system, rocksdb::FileLock* lock)
      : system_(std::move(system)), lock_(lock) {}
  DirectoryLock(DirectoryLock&& other) noexcept
      : system_(std::move(other.system_)), lock_(std::exchange(other.lock_, nullptr)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  std::shared_ptr<rocksdb::FileSystem> system_;
  rocksdb::FileLock* lock_;
};

// Errors: io; not_found from open() and read() only. The detail names the file.
class LogFiles {
 public:
  // Null: the system's files.
  explicit LogFiles(std::shared_ptr<rocksdb::FileSystem> system = nullptr);

  const std::shared_ptr<rocksdb::FileSystem>& system() const { return system_; }

  // The names in a directory.
  Result<std::vector<std::string>> list(const std::filesystem::path& dir) const;
  // Creates the missing directories of the path; they survive a power cut. REQUIRES: `dir` is
  // absolute.
  Result<void> create_directories(const std::filesystem::path& dir) const;
  // Afterwards the names in the directory survive a power cut.
  Result<void> sync_directory(const std::filesystem::path& dir) const;
  // Writes FILE.new, syncs it, renames it to `file` and syncs the directory: the file never exists
  // without these bytes, and it survives a power cut.
  Result<void> create(const std::filesystem::path& file, std::string_view bytes) const;
  // in_use: an open RocksDB or another DirectoryLock, of any process, holds the lock.
  Result<DirectoryLock> lock(const std::filesystem::path& dir) const;
  Result<LogFile> open(const std::filesystem::path& file) const;
  // The whole file.
  Result<std::string> read(const std::filesystem::path& file) const;
  // The first `bytes_max` bytes, as LogFile::read(); needs no permission to write.
  Result<std::string> read(const std::filesystem::path& file, std::size_t bytes_max) const;
  Result<std::uint64_t> free_bytes(const std::filesystem::path& dir) const;

 private:
  std::shared_ptr<rocksdb::FileSystem> system_;
};

}  // namespace oee
