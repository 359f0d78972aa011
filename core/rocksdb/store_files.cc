#include "core/rocksdb/store_files.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/rocksdb/log_end.h"
#include "core/rocksdb/zeroed_ahead.h"

namespace oee {
namespace {

using rocksdb::IOStatus;

const rocksdb::IOOptions plain;

std::string_view last_of(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

std::optional<std::uint64_t> wal_number(std::string_view path) {
  constexpr std::string_view extension = ".log";
  std::string_view name = last_of(path);
  if (!name.ends_with(extension)) return std::nullopt;
  name.remove_suffix(extension.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

// The treatment of a torn last append.
enum class Torn {
  left_out,  // with a warning
  silently_left_out,
  damage,  // the file is read to its end, so that RocksDB reports the damage
};

// A log file, read in sequence up to its present end. Every read goes to the file: a stream's
// buffer would keep zeros that are overwritten later.
class LogFile final : public rocksdb::FSSequentialFile {
 public:
  LogFile(rocksdb::FileSystem& files, std::string path,
          std::unique_ptr<rocksdb::FSRandomAccessFile> file, Torn torn)
      : files_(files), path_(std::move(path)), file_(std::move(file)), torn_(torn) {}

  // Finds the end. An append that is torn and still torn 10 ms later has no writer that completes
  // it; that is logged as a warning.
  IOStatus open() {
    IOStatus status = look();
    if (!status.ok() || end_.kind != LogEnd::Kind::torn || torn_ != Torn::left_out) return status;
    const std::uint64_t torn_at = end_.at;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    status = look();
    if (status.ok() && end_.kind == LogEnd::Kind::torn && end_.at == torn_at)
      log::warn("the last append to a file is torn (power cut or kill); the append is left out",
                log::field("file", path_), log::field("from_byte", torn_at));
    return status;
  }

  IOStatus Read(std::size_t bytes, const rocksdb::IOOptions& options, rocksdb::Slice* result,
                char* scratch, rocksdb::IODebugContext* debug) override {
    if (at_ + bytes > end_.at) {
      const IOStatus status = look();
      if (!status.ok()) return status;
    }
    bytes = std::min<std::uint64_t>(bytes, end_.at - std::min(at_, end_.at));
    *result = rocksdb::Slice(scratch, 0);
    if (bytes == 0) return IOStatus::OK();  // the system's file returns an error
    const IOStatus status = file_->Read(at_, bytes, options, result, scratch, debug);
    if (status.ok()) at_ += result->size();
    return status;
  }
  IOStatus Skip(std::uint64_t bytes) override {
    at_ += bytes;
    return IOStatus::OK();
  }

 private:
  IOStatus look() {
    std::uint64_t size = 0;
    const IOStatus sized = files_.GetFileSize(path_, plain, &size, nullptr);
    if (sized.IsNotFound() || sized.IsPathNotFound()) {  // its writer has deleted it
      end_.at = std::numeric_limits<std::uint64_t>::max();
      return IOStatus::OK();
    }
    if (!sized.ok()) return sized;
    const IOStatus status = find_log_end(*file_, size, end_.last_record, &end_);
    if (end_.kind == LogEnd::Kind::torn && torn_ == Torn::damage) end_.at = size;
    return status;
  }

  rocksdb::FileSystem& files_;
  const std::string path_;
  const std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
  const Torn torn_;
  LogEnd end_;
  std::uint64_t at_ = 0;
};

class StoreFiles final : public rocksdb::FileSystemWrapper {
 public:
  StoreFiles(std::shared_ptr<rocksdb::FileSystem> files, Torn older_wals)
      : FileSystemWrapper(std::move(files)), older_wals_(older_wals) {}
  const char* Name() const override { return "StoreFiles"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           rocksdb::IODebugContext* debug) override {
    const IOStatus status = target()->NewWritableFile(path, options, file, debug);
    if (status.ok() && wal_number(path)) *file = std::make_unique<ZeroedAhead>(std::move(*file));
    return status;
  }

  IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             rocksdb::IODebugContext* debug) override {
    const bool manifest = last_of(path).starts_with("MANIFEST-");
    const auto wal = wal_number(path);
    if (!manifest && !wal) return target()->NewSequentialFile(path, options, file, debug);
    bool last = true;
    std::unique_ptr<rocksdb::FSRandomAccessFile> bytes;
    IOStatus status = target()->NewRandomAccessFile(path, options, &bytes, debug);
    if (status.ok() && wal) status = is_newest_wal(path, *wal, &last);
    if (!status.ok()) return status;
    auto opened = std::make_unique<LogFile>(*target(), path, std::move(bytes),
                                            last ? Torn::left_out : older_wals_);
    status = opened->open();
    if (status.ok()) *file = std::move(opened);
    return status;
  }

 private:
  // True when every newer file is empty. Each append is synced before the first append to a newer
  // file, so only this file can have a torn one.
  IOStatus is_newest_wal(const std::string& path, std::uint64_t number, bool* is) {
    const std::string directory = path.substr(0, path.find_last_of('/'));
    std::vector<std::string> others;
    const IOStatus listed = target()->GetChildren(directory, plain, &others, nullptr);
    if (!listed.ok()) return listed;
    *is = std::none_of(others.begin(), others.end(), [&](const std::string& other) {
      std::uint64_t size = 0;
      return wal_number(other).value_or(0) > number &&
             target()->GetFileSize(directory + "/" + other, plain, &size, nullptr).ok() && size > 0;
    });
    return IOStatus::OK();
  }

  const Torn older_wals_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> store_files(std::shared_ptr<rocksdb::FileSystem> files) {
  return std::make_shared<StoreFiles>(std::move(files), Torn::damage);
}

rocksdb::Env* store_env() {
  static rocksdb::Env* const env =
      rocksdb::NewCompositeEnv(store_files(rocksdb::FileSystem::Default())).release();
  return env;
}

rocksdb::Env* secondary_env() {
  static rocksdb::Env* const env =
      rocksdb::NewCompositeEnv(
          std::make_shared<StoreFiles>(rocksdb::FileSystem::Default(), Torn::silently_left_out))
          .release();
  return env;
}

}  // namespace oee
