// MemoryDisk: a file system in memory for RocksDB and the log, with the faults of a real disk: the
// n-th operation fails, is torn, or the power goes; what was not synced is then forgotten, as far
// as the test wants. A directory's entries are durable only once the directory was synced (stricter
// than ext4), and bytes whose sync failed are gone, whatever a later sync says (as on Linux). Any
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

// What happens to one operation, and to those after it.
enum class DiskFault {
  none,
  fail,   // it does nothing and returns an error
  tear,   // it is done in part (bytes) or in full (names) and returns an error
  power,  // it is not done and nothing is ever done again
};

// What of the unsynced survives the end of the process or of the power.
enum class Survival {
  everything,   // kill -9
  synced_only,  // power cut, nothing was written back
  some,         // power cut, the beginning of what was written to each file
  pages,        // power cut, some pages of what was written to each file, the others as they were
};

class MemoryDisk final : public rocksdb::FileSystem {
 public:
  MemoryDisk();
  ~MemoryDisk() override;

  // Operations are counted from here on; the n-th (from 1) meets the fault, 0: none does.
  // `reads`: reads, opens and lists count too. A sticky `fail` fails every later operation of that
  // kind as well.
  void plan(DiskFault fault, std::uint64_t n, bool reads, bool sticky = false);
  // The n-th operation of this kind on a file whose name contains `name`.
  void plan_at(DiskFault fault, DiskOp op, std::string name, std::uint64_t n = 1);
  void heal() { plan(DiskFault::none, 0, false); }
  std::uint64_t operations() const;  // counted since plan()
  // What met the fault: "sync 000012.log"; empty: nothing did.
  std::string hit() const;

  // Bytes that the disk can hold; writes beyond are refused with NoSpace.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  std::uint64_t used() const;

  // The files that are found after the process or the power is gone; a healthy disk.
  std::shared_ptr<MemoryDisk> survivor(Survival survival, std::uint64_t seed = 0) const;

  // Name and bytes of every file of a directory.
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
  struct Node;
  struct Change;
  class Handle;
  using NodePtr = std::shared_ptr<Node>;
  class Lock;
  enum class Course { normal, fail, tear, dead };

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
  bool dead_ = false;
  std::string hit_;
};

}  // namespace oee::test
