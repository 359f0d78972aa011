// MemoryDisk: a file system in memory for RocksDB and the log, with the faults of a real disk: the
// n-th operation fails, is torn, or is a power cut. Unsynced bytes are then lost, as far as the
// test chooses. A directory's entries are durable only after the directory was synced (stricter
// than ext4). Bytes whose sync failed are lost, even when a later sync succeeds (as on Linux). Any
// thread.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace oee::test {

enum class DiskOp { open, create, append, write, sync, directory, rename, remove, close, read };
const char* to_string(DiskOp op);

// The fault of one operation.
enum class DiskFault {
  none,
  fail,   // it does nothing and returns an error
  tear,   // it is done in part (bytes) or in full (names) and returns an error
  power,  // neither it nor any later operation is done
};

// The unsynced writes that survive the end of the process or a power cut.
enum class Survival {
  everything,   // kill -9: all
  synced_only,  // power cut: none
  some,         // power cut: the first writes to each file
  pages,        // power cut: some pages of the writes to each file; the other pages are unchanged
};

struct DiskNode;    // disk_memory_node.h
struct DiskChange;  // disk_memory_node.h

rocksdb::IOStatus io_failed(DiskOp op, const std::string& name);

class MemoryDisk final : public rocksdb::FileSystem {
 public:
  MemoryDisk();
  ~MemoryDisk() override;

  // Operations are counted from this call on; the n-th (from 1) has the fault; 0: none has.
  // `reads`: reads, opens and lists count too. A sticky `fail` also fails every later operation of
  // that kind.
  void plan(DiskFault fault, std::uint64_t n, bool reads, bool sticky = false);
  // Plans the fault for the n-th operation of this kind on a file whose name contains `name`.
  void plan_at(DiskFault fault, DiskOp op, std::string name, std::uint64_t n = 1);
  void heal() { plan(DiskFault::none, 0, false); }
  std::uint64_t operations() const;  // counted since plan()
  // The operation that had the fault, as "sync 000012.log"; empty: none.
  std::string hit() const;

  // The capacity of the disk; a write beyond it is refused with NoSpace.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  std::uint64_t used() const;

  // A disk without faults that holds the surviving files.
  std::shared_ptr<MemoryDisk> survivor(Survival survival, std::uint64_t seed = 0) const;

  // The name and the bytes of every file of a directory.
  std::map<std::string, std::string> contents(const std::string& directory) const;

  const char* Name() const override { return "MemoryDisk"; }
  using IO = rocksdb::IOStatus;
  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  using File = rocksdb::FileOptions;
  IO NewSequentialFile(const std::string& name, const File&,
                       std::unique_ptr<rocksdb::FSSequentialFile>* file, Debug*) override;
  IO NewRandomAccessFile(const std::string& name, const File&,
                         std::unique_ptr<rocksdb::FSRandomAccessFile>* file, Debug*) override;
  IO NewWritableFile(const std::string& name, const File&,
                     std::unique_ptr<rocksdb::FSWritableFile>* file, Debug*) override;
  IO NewRandomRWFile(const std::string& name, const File&,
                     std::unique_ptr<rocksdb::FSRandomRWFile>* file, Debug*) override;
  IO NewDirectory(const std::string& name, const Options&,
                  std::unique_ptr<rocksdb::FSDirectory>* directory, Debug*) override;
  IO FileExists(const std::string& name, const Options&, Debug*) override;
  IO GetChildren(const std::string& name, const Options&, std::vector<std::string>* children,
                 Debug*) override;
  IO DeleteFile(const std::string& name, const Options&, Debug*) override;
  IO CreateDir(const std::string& name, const Options&, Debug*) override;
  IO CreateDirIfMissing(const std::string& name, const Options&, Debug*) override;
  IO DeleteDir(const std::string& name, const Options&, Debug*) override;
  IO GetFileSize(const std::string& name, const Options&, uint64_t* size, Debug*) override;
  IO GetFileModificationTime(const std::string& name, const Options&, uint64_t* time,
                             Debug*) override;
  IO RenameFile(const std::string& from, const std::string& to, const Options&, Debug*) override;
  IO LockFile(const std::string& name, const Options&, rocksdb::FileLock** lock, Debug*) override;
  IO UnlockFile(rocksdb::FileLock* lock, const Options&, Debug*) override;
  IO GetTestDirectory(const Options&, std::string* path, Debug*) override;
  IO NewLogger(const std::string& name, const Options&, std::shared_ptr<rocksdb::Logger>* logger,
               Debug*) override;
  IO GetAbsolutePath(const std::string& path, const Options&, std::string* absolute,
                     Debug*) override;
  IO IsDirectory(const std::string& path, const Options&, bool* is, Debug*) override;
  IO GetFreeSpace(const std::string& path, const Options&, uint64_t* free, Debug*) override;

 private:
  using Node = DiskNode;
  using Change = DiskChange;
  class Handle;
  using NodePtr = std::shared_ptr<Node>;
  class Lock;
  enum class Course { normal, fail, tear, off };

  Course step(DiskOp op, const std::string& name);
  IO simple(DiskOp op, const std::string& name);
  IO find(const std::string& name, NodePtr* node);
  IO make_directory(const std::string& name, bool may_exist);
  void enter(const std::string& name, NodePtr node);
  template <class Kind>
  IO open(const std::string& name, std::unique_ptr<Kind>* file);
  IO put(Node& node, std::uint64_t at, const rocksdb::Slice& bytes, DiskOp op);
  IO sync(Node& node);
  IO sync_names(const std::string& directory);

  mutable std::recursive_mutex mutex_;
  std::map<std::string, NodePtr> names_;
  std::map<std::string, NodePtr> durable_names_;
  std::vector<Change> changes_;  // of names, not durable yet, in order
  std::set<std::string> locks_;
  std::atomic<std::uint64_t> capacity_{~0ULL};

  DiskFault fault_ = DiskFault::none;
  std::uint64_t fault_at_ = 0;
  bool count_reads_ = false;
  bool sticky_ = false;
  bool only_kind_ = false;  // planned by plan_at()
  DiskOp kind_{};
  std::string kind_name_;
  std::uint64_t count_ = 0;
  bool off_ = false;
  std::string hit_;
};

}  // namespace oee::test
