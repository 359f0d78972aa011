// MemoryDisk as RocksDB's FileSystem: its files and its names.
#include <rocksdb/env.h>

#include <algorithm>

#include "tests/eventlog/rocks/disk_memory.h"
#include "tests/eventlog/rocks/disk_memory_node.h"

namespace oee::test {

using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

class Silent final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
  size_t GetLogFileSize() const override { return 0; }
};

}  // namespace

// Every kind of file that RocksDB opens.
class MemoryDisk::Handle final : public rocksdb::FSSequentialFile,
                                 public rocksdb::FSRandomAccessFile,
                                 public rocksdb::FSWritableFile,
                                 public rocksdb::FSRandomRWFile,
                                 public rocksdb::FSDirectory {
 public:
  Handle(MemoryDisk& disk, NodePtr node) : disk_(disk), node_(std::move(node)) {}

  IO Read(size_t n, const Options& options, Slice* result, char* scratch, Debug* debug) override {
    const IO status = Read(at_, n, options, result, scratch, debug);
    if (status.ok()) at_ += result->size();
    return status;
  }
  IO Skip(uint64_t n) override {
    at_ += n;
    return IO::OK();
  }
  IO Read(uint64_t offset, size_t n, const Options&, Slice* result, char* scratch,
          Debug*) const override {
    std::lock_guard lock(disk_.mutex_);
    *result = Slice(scratch, 0);
    if (const IO status = disk_.simple(DiskOp::read, node_->name); !status.ok()) return status;
    if (offset >= node_->live.size()) return IO::OK();
    const std::size_t bytes = std::min<std::size_t>(n, node_->live.size() - offset);
    std::memcpy(scratch, node_->live.data() + offset, bytes);
    *result = Slice(scratch, bytes);
    return IO::OK();
  }
  IO Append(const Slice& data, const Options&, Debug*) override {
    std::lock_guard lock(disk_.mutex_);
    const IO status = disk_.put(*node_, at_, data, DiskOp::append);
    if (status.ok()) at_ += data.size();
    return status;
  }
  using FSWritableFile::Append;
  IO PositionedAppend(const Slice& data, uint64_t offset, const Options&, Debug*) override {
    std::lock_guard lock(disk_.mutex_);
    return disk_.put(*node_, offset, data, DiskOp::write);
  }
  using FSWritableFile::PositionedAppend;
  IO Write(uint64_t offset, const Slice& data, const Options&, Debug*) override {
    std::lock_guard lock(disk_.mutex_);
    return disk_.put(*node_, offset, data, DiskOp::write);
  }
  // Cuts zeros off; a power cut brings them back.
  IO Truncate(uint64_t size, const Options&, Debug*) override {
    std::lock_guard lock(disk_.mutex_);
    if (const IO status = disk_.simple(DiskOp::write, node_->name); !status.ok()) return status;
    if (size < node_->live.size()) node_->live.resize(size);
    return IO::OK();
  }
  IO Close(const Options&, Debug*) override {
    std::lock_guard lock(disk_.mutex_);
    return node_->directory ? IO::OK() : disk_.simple(DiskOp::close, node_->name);
  }
  IO Flush(const Options&, Debug*) override { return IO::OK(); }
  IO Sync(const Options&, Debug*) override { return disk_.sync(*node_); }
  IO Fsync(const Options&, Debug*) override {
    return node_->directory ? disk_.sync_names(node_->name) : disk_.sync(*node_);
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const Options&, Debug*) override {
    std::lock_guard lock(disk_.mutex_);
    return node_->live.size();
  }
  bool use_direct_io() const override { return false; }
  size_t GetRequiredBufferAlignment() const override { return 4096; }
  IO InvalidateCache(size_t, size_t) override { return IO::OK(); }
  size_t GetUniqueId(char*, size_t) const override { return 0; }
  rocksdb::Temperature GetTemperature() const override { return rocksdb::Temperature::kUnknown; }

 private:
  MemoryDisk& disk_;
  const NodePtr node_;
  std::uint64_t at_ = 0;
};

// --- Names ---------------------------------------------------------------------------------------

void MemoryDisk::enter(const std::string& name, NodePtr node) {
  node->name = name;
  names_[name] = node;
  changes_.push_back({"", name, std::move(node)});
}

IOStatus MemoryDisk::find(const std::string& name, NodePtr* node) {
  if (const IOStatus status = simple(DiskOp::open, name); !status.ok()) return status;
  const auto found = names_.find(clean(name));
  if (found == names_.end()) return IOStatus::PathNotFound("No such file or directory", name);
  *node = found->second;
  return IOStatus::OK();
}

template <class Kind>
IOStatus MemoryDisk::open(const std::string& name, std::unique_ptr<Kind>* file) {
  std::lock_guard lock(mutex_);
  NodePtr node;
  const IOStatus status = find(name, &node);
  if (status.ok()) *file = std::make_unique<Handle>(*this, node);
  return status;
}

IOStatus MemoryDisk::NewSequentialFile(const std::string& name, const File&,
                                       std::unique_ptr<rocksdb::FSSequentialFile>* file, Debug*) {
  return open(name, file);
}
IOStatus MemoryDisk::NewRandomAccessFile(const std::string& name, const File&,
                                         std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                         Debug*) {
  return open(name, file);
}
IOStatus MemoryDisk::NewRandomRWFile(const std::string& name, const File&,
                                     std::unique_ptr<rocksdb::FSRandomRWFile>* file, Debug*) {
  return open(name, file);
}
IOStatus MemoryDisk::NewDirectory(const std::string& name, const Options&,
                                  std::unique_ptr<rocksdb::FSDirectory>* directory, Debug*) {
  return open(name, directory);
}

IOStatus MemoryDisk::NewWritableFile(const std::string& name, const File&,
                                     std::unique_ptr<rocksdb::FSWritableFile>* file, Debug*) {
  std::lock_guard lock(mutex_);
  const std::string path = clean(name);
  const Course course = step(DiskOp::create, path);
  if (course == Course::off || course == Course::fail) return io_failed(DiskOp::create, path);
  if (names_.count(parent_of(path)) == 0)
    return IOStatus::PathNotFound("No such file or directory", path);
  auto node = std::make_shared<Node>();
  enter(path, node);
  if (course == Course::tear) return io_failed(DiskOp::create, path);
  *file = std::make_unique<Handle>(*this, std::move(node));
  return IOStatus::OK();
}

IOStatus MemoryDisk::FileExists(const std::string& name, const Options&, Debug*) {
  std::lock_guard lock(mutex_);
  NodePtr node;
  const IOStatus status = find(name, &node);
  return status.IsPathNotFound() ? IOStatus::NotFound() : status;
}

IOStatus MemoryDisk::GetChildren(const std::string& name, const Options&,
                                 std::vector<std::string>* children, Debug*) {
  std::lock_guard lock(mutex_);
  NodePtr directory;
  const IOStatus status = find(name, &directory);
  if (!status.ok()) return status;
  children->clear();
  for (const auto& [path, node] : names_)
    if (path != "/" && parent_of(path) == clean(name)) children->push_back(last_of(path));
  return IOStatus::OK();
}

IOStatus MemoryDisk::DeleteFile(const std::string& name, const Options&, Debug*) {
  std::lock_guard lock(mutex_);
  const std::string path = clean(name);
  const Course course = step(DiskOp::remove, path);
  if (course == Course::off || course == Course::fail) return io_failed(DiskOp::remove, path);
  if (names_.erase(path) == 0) return IOStatus::PathNotFound("No such file or directory", path);
  changes_.push_back({"", path, nullptr});
  return course == Course::normal ? IOStatus::OK() : io_failed(DiskOp::remove, path);
}

IOStatus MemoryDisk::make_directory(const std::string& name, bool may_exist) {
  std::lock_guard lock(mutex_);
  const std::string path = clean(name);
  const auto found = names_.find(path);
  if (found != names_.end() && may_exist && found->second->directory) return IOStatus::OK();
  if (found != names_.end()) return IOStatus::IOError("File exists", path);
  const Course course = step(DiskOp::directory, path);
  if (course == Course::off || course == Course::fail) return io_failed(DiskOp::directory, path);
  if (names_.count(parent_of(path)) == 0)
    return IOStatus::PathNotFound("No such file or directory", path);
  auto node = std::make_shared<Node>();
  node->directory = true;
  enter(path, std::move(node));
  return course == Course::normal ? IOStatus::OK() : io_failed(DiskOp::directory, path);
}
IOStatus MemoryDisk::CreateDir(const std::string& name, const Options&, Debug*) {
  return make_directory(name, false);
}
IOStatus MemoryDisk::CreateDirIfMissing(const std::string& name, const Options&, Debug*) {
  return make_directory(name, true);
}
IOStatus MemoryDisk::DeleteDir(const std::string& name, const Options& options, Debug* debug) {
  return DeleteFile(name, options, debug);
}

IOStatus MemoryDisk::RenameFile(const std::string& from, const std::string& to, const Options&,
                                Debug*) {
  std::lock_guard lock(mutex_);
  const std::string source = clean(from);
  const std::string target = clean(to);
  const Course course = step(DiskOp::rename, target);
  if (course == Course::off || course == Course::fail) return io_failed(DiskOp::rename, target);
  const auto found = names_.find(source);
  if (found == names_.end()) return IOStatus::PathNotFound("No such file or directory", source);
  const NodePtr node = found->second;
  names_.erase(found);
  names_[target] = node;
  node->name = target;
  changes_.push_back({source, target, node});
  return course == Course::normal ? IOStatus::OK() : io_failed(DiskOp::rename, target);
}

// --- The rest ------------------------------------------------------------------------------------

IOStatus MemoryDisk::GetFileSize(const std::string& name, const Options&, uint64_t* size, Debug*) {
  std::lock_guard lock(mutex_);
  NodePtr node;
  const IOStatus status = find(name, &node);
  if (status.ok()) *size = node->live.size();
  return status;
}
IOStatus MemoryDisk::GetFileModificationTime(const std::string& name, const Options&,
                                             uint64_t* time, Debug*) {
  std::lock_guard lock(mutex_);
  NodePtr node;
  *time = 0;
  return find(name, &node);
}

class MemoryDisk::Lock final : public rocksdb::FileLock {
 public:
  explicit Lock(std::string name) : path(std::move(name)) {}
  const std::string path;
};
IOStatus MemoryDisk::LockFile(const std::string& name, const Options&, rocksdb::FileLock** lock,
                              Debug*) {
  std::lock_guard guard(mutex_);
  if (!locks_.insert(clean(name)).second)
    return IOStatus::IOError("lock hold by current process", name);
  *lock = new Lock(clean(name));
  return IOStatus::OK();
}
IOStatus MemoryDisk::UnlockFile(rocksdb::FileLock* lock, const Options&, Debug*) {
  std::lock_guard guard(mutex_);
  const std::unique_ptr<Lock> held(static_cast<Lock*>(lock));
  locks_.erase(held->path);
  return IOStatus::OK();
}

IOStatus MemoryDisk::GetTestDirectory(const Options&, std::string*, Debug*) {
  return IOStatus::NotSupported("GetTestDirectory");
}
IOStatus MemoryDisk::NewLogger(const std::string&, const Options&,
                               std::shared_ptr<rocksdb::Logger>* logger, Debug*) {
  *logger = std::make_shared<Silent>();
  return IOStatus::OK();
}
IOStatus MemoryDisk::GetAbsolutePath(const std::string& path, const Options&, std::string* absolute,
                                     Debug*) {
  *absolute = path;
  return IOStatus::OK();
}
IOStatus MemoryDisk::IsDirectory(const std::string& path, const Options&, bool* is, Debug*) {
  std::lock_guard lock(mutex_);
  NodePtr node;
  const IOStatus status = find(path, &node);
  *is = status.ok() && node->directory;
  return status;
}
IOStatus MemoryDisk::GetFreeSpace(const std::string&, const Options&, uint64_t* free, Debug*) {
  const std::uint64_t taken = used();
  const std::uint64_t capacity = capacity_;
  *free = capacity > taken ? capacity - taken : 0;
  return IOStatus::OK();
}

}  // namespace oee::test
