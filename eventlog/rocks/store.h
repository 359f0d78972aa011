// RocksStore: the log's RocksDB, opened read-write. Reads: any thread, unless stated. Writes: the
// log's thread. Private to the adapter.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventlog/rocks/fail_stop.h"
#include "eventlog/rocks/metrics.h"
#include "eventlog/rocks/options.h"
#include "eventlog/sequencer.h"

namespace oee {

class RocksStore final : public StoredIndex {
 public:
  struct Options {
    std::filesystem::path dir;
    std::size_t memtable_bytes = 0;
    bool create = false;  // create the store, or the missing column families of an empty one
    std::optional<LogId> new_id = std::nullopt;        // of a created log; nullopt: a random one
    std::shared_ptr<rocksdb::FileSystem> file_system;  // not null
  };
  // in_use, corrupt, unsupported, io. RocksDB's background errors raise `fail_stop`, which outlives
  // the store.
  static Result<std::unique_ptr<RocksStore>> open(const Options& options, FailStop& fail_stop);
  ~RocksStore() override;

  const LogIdentity& identity() const { return identity_; }
  const LogId& id() const { return identity_.id; }

  // corrupt when there is no such record: the log has no holes.
  Result<Record> record(Seq seq) const;
  // The last seq in the events column family, durable or not; 0 when empty.
  Result<Seq> last_seq() const;
  // Calls `each(seq, record bytes)` for seqs first..last (both included) in order. An error of
  // `each` ends the scan and is returned. corrupt: a hole or a damaged block. `sequential`: a long
  // pass, which does not fill the cache.
  using EachRecord = std::function<Result<void>(Seq seq, std::string_view bytes)>;
  Result<void> scan(Seq first, Seq last, bool sequential, const EachRecord& each) const;

  // Log's thread.
  Result<bool> has_version(const OrderId& id, Version version) override;
  Result<std::optional<Seq>> seq_of(const OrderId& id, Version version) const;
  // The seqs of the order's versions 1, 2, ... corrupt: a version is missing.
  Result<std::vector<Seq>> seqs_of(const OrderId& id) const;
  Result<std::optional<KeyEntry>> find_key(std::string_view key) override;
  Result<std::vector<Record>> records_of(const OrderId& id) override;
  // Of a value in the keys column family. corrupt: it has a wrong size.
  static Result<KeyEntry> parse_key_entry(std::string_view value);
  // The open-order hint that an older program stored in the log; nullopt: none.
  Result<std::optional<std::string>> older_hint() const;

  StoreMetrics metrics() const;

  // Log's thread.
  void put_record(rocksdb::WriteBatch& batch, const RecordHeader& header, std::string_view bytes);
  void put_key(rocksdb::WriteBatch& batch, std::string_view key, const KeyEntry& entry);
  // Writes and syncs the epoch, unless it is the present one.
  Result<void> set_epoch(const LogEpoch& epoch);
  // Writes and syncs. After an error the store must not be written again.
  Result<void> write(rocksdb::WriteBatch& batch);

 private:
  RocksStore() = default;
  Result<void> adopt_meta(const std::optional<LogId>& new_id);
  Result<void> find_newest_order();
  Result<std::optional<std::string>> get(rocksdb::ColumnFamilyHandle* family, std::string_view key,
                                         std::string_view what) const;

  std::unique_ptr<rocksdb::Env> env_;  // the given file system with the system's threads and clock
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  rocksdb::ColumnFamilyHandle* events_ = nullptr;
  rocksdb::ColumnFamilyHandle* by_order_ = nullptr;
  rocksdb::ColumnFamilyHandle* keys_ = nullptr;
  rocksdb::ColumnFamilyHandle* hints_ = nullptr;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  LogIdentity identity_;
  // Log's thread. The greatest stored order id, without and with the batch that is being written.
  OrderId newest_order_;
  OrderId newest_in_batch_;
};

}  // namespace oee
