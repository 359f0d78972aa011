#include "eventlog/rocks/files.h"

#include <rocksdb/file_system.h>

#include <utility>

#include "eventlog/rocks/options.h"

namespace oee {
namespace {

const rocksdb::IOOptions plain;

Error io_error(const rocksdb::IOStatus& status, std::string_view what,
               const std::filesystem::path& file) {
  return {Errc::io, "cannot " + std::string(what) + " " + file.string() + ": " + status.ToString()};
}

Error open_error(const rocksdb::IOStatus& status, const std::filesystem::path& file) {
  Error error = io_error(status, "open", file);
  if (status.IsPathNotFound() || status.IsNotFound()) error.code = Errc::not_found;
  return error;
}

}  // namespace

LogFile::LogFile(std::unique_ptr<rocksdb::FSRandomRWFile> file) : file_(std::move(file)) {}
LogFile::LogFile(LogFile&&) noexcept = default;
LogFile& LogFile::operator=(LogFile&&) noexcept = default;
LogFile::~LogFile() = default;

Result<std::string> LogFile::read(std::size_t bytes_max) const {
  std::string bytes(bytes_max, '\0');
  rocksdb::Slice found;
  const auto status = file_->Read(0, bytes_max, plain, &found, bytes.data(), nullptr);
  if (!status.ok()) return Error{Errc::io, "cannot read: " + status.ToString()};
  return std::string(view_of(found));
}

Result<void> LogFile::write_at(std::uint64_t offset, std::string_view bytes) {
  const auto status = file_->Write(offset, slice_of(bytes), plain, nullptr);
  if (!status.ok()) return Error{Errc::io, "cannot write: " + status.ToString()};
  return {};
}

Result<void> LogFile::sync() {
  const auto status = file_->Sync(plain, nullptr);
  if (!status.ok()) return Error{Errc::io, "cannot sync: " + status.ToString()};
  return {};
}

LogFiles::LogFiles(std::shared_ptr<rocksdb::FileSystem> system)
    : system_(system != nullptr ? std::move(system) : rocksdb::FileSystem::Default()) {}

Result<std::vector<std::string>> LogFiles::list(const std::filesystem::path& dir) const {
  std::vector<std::string> names;
  const auto status = system_->GetChildren(dir.string(), plain, &names, nullptr);
  if (!status.ok()) return io_error(status, "list", dir);
  return names;
}

Result<void> LogFiles::create_directories(const std::filesystem::path& dir) const {
  if (!dir.has_filename() || system_->FileExists(dir.string(), plain, nullptr).ok()) return {};
  if (dir.parent_path() != dir) OEE_TRY(create_directories(dir.parent_path()));
  const auto status = system_->CreateDirIfMissing(dir.string(), plain, nullptr);
  if (!status.ok()) return io_error(status, "create", dir);
  return sync_directory(dir.parent_path());
}

Result<void> LogFiles::sync_directory(const std::filesystem::path& dir) const {
  std::unique_ptr<rocksdb::FSDirectory> opened;
  auto status = system_->NewDirectory(dir.string(), plain, &opened, nullptr);
  if (status.ok()) status = opened->Fsync(plain, nullptr);
  if (!status.ok()) return io_error(status, "sync", dir);
  return {};
}

Result<void> LogFiles::create(const std::filesystem::path& file, std::string_view bytes) const {
  const std::filesystem::path fresh = file.string() + ".new";
  rocksdb::FileOptions options;
  options.use_mmap_writes = false;
  std::unique_ptr<rocksdb::FSWritableFile> written;
  auto status = system_->NewWritableFile(fresh.string(), options, &written, nullptr);
  if (!status.ok()) return io_error(status, "create", fresh);
  status = written->Append(slice_of(bytes), plain, nullptr);
  if (status.ok()) status = written->Fsync(plain, nullptr);
  if (status.ok()) status = written->Close(plain, nullptr);
  if (!status.ok()) return io_error(status, "write", fresh);
  status = system_->RenameFile(fresh.string(), file.string(), plain, nullptr);
  if (!status.ok()) return io_error(status, "rename to", file);
  return sync_directory(file.parent_path());
}

Result<DirectoryLock> LogFiles::lock(const std::filesystem::path& dir) const {
  rocksdb::FileLock* lock = nullptr;
  const auto status = system_->LockFile((dir / "LOCK").string(), plain, &lock, nullptr);
  if (!status.ok()) return error_of(status, "open the log " + dir.string());
  return DirectoryLock(system_, lock);
}

DirectoryLock::~DirectoryLock() {
  if (lock_ != nullptr) (void)system_->UnlockFile(lock_, plain, nullptr).ok();
}

Result<LogFile> LogFiles::open(const std::filesystem::path& file) const {
  std::unique_ptr<rocksdb::FSRandomRWFile> opened;
  const auto status = system_->NewRandomRWFile(file.string(), {}, &opened, nullptr);
  if (!status.ok()) return open_error(status, file);
  return LogFile(std::move(opened));
}

Result<std::string> LogFiles::read(const std::filesystem::path& file) const {
  std::uint64_t size = 0;
  const auto status = system_->GetFileSize(file.string(), plain, &size, nullptr);
  if (!status.ok()) return open_error(status, file);
  return read(file, size);
}

Result<std::string> LogFiles::read(const std::filesystem::path& file, std::size_t bytes_max) const {
  std::unique_ptr<rocksdb::FSRandomAccessFile> opened;
  auto status = system_->NewRandomAccessFile(file.string(), {}, &opened, nullptr);
  if (!status.ok()) return open_error(status, file);
  std::string bytes(bytes_max, '\0');
  rocksdb::Slice found;
  status = opened->Read(0, bytes_max, plain, &found, bytes.data(), nullptr);
  if (!status.ok()) return io_error(status, "read", file);
  return std::string(view_of(found));
}

Result<std::uint64_t> LogFiles::free_bytes(const std::filesystem::path& dir) const {
  std::uint64_t free = 0;
  const auto status = system_->GetFreeSpace(dir.string(), plain, &free, nullptr);
  if (!status.ok()) return io_error(status, "read the free space of", dir);
  return free;
}

}  // namespace oee
