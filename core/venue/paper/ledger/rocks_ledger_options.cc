#include "core/venue/paper/ledger/rocks_ledger_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include "core/rocksdb/silent_log.h"
#include "core/rocksdb/store_files.h"

namespace oee::paper {
namespace {

// After a failed sync a retry can succeed although the data is lost. So RocksDB never resumes by
// itself.
class FailStop final : public rocksdb::EventListener {
 public:
  explicit FailStop(std::function<void(const Error&)> on_error) : on_error_(std::move(on_error)) {}
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    if (on_error_) on_error_(ledger_error(*status, "writing in the background"));
  }

 private:
  const std::function<void(const Error&)> on_error_;
};

}  // namespace

Error ledger_error(const rocksdb::Status& status, const std::string& doing) {
  Errc code = Errc::io;
  if (status.IsCorruption()) code = Errc::corrupt;
  const std::string text = status.ToString();
  const bool locked = status.IsIOError() && text.find("lock") != std::string::npos &&
                      text.find("LOCK") != std::string::npos;
  if (locked) code = Errc::in_use;
  return Error{code, "venue ledger: " + doing + ": " + text};
}

rocksdb::DBOptions ledger_database_options(std::function<void(const Error&)> on_error) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.verify_sst_unique_id_in_manifest = true;
  options.paranoid_checks = true;
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.max_total_wal_size = 64 << 20;
  options.max_open_files = 256;
  options.max_background_jobs = 2;
  options.max_bgerror_resume_count = 0;
  options.env = store_env();
  options.info_log = std::make_shared<SilentLog>();
  options.listeners.push_back(std::make_shared<FailStop>(std::move(on_error)));
  check(!options.avoid_flush_during_recovery, "recovered commits must be durable before use");
  return options;
}

// One cache for blocks, indexes and filters: this cache and the memtables are all that the ledger
// keeps in memory, however large it grows. The cache has one shard (0 bits): a filter larger than a
// shard is never cached, and by default RocksDB makes 64 shards of 512 KB.
std::vector<rocksdb::ColumnFamilyDescriptor> ledger_column_families() {
  auto cache = rocksdb::NewLRUCache(32 << 20, 0);
  auto family = [&cache](const char* name, bool looked_up_by_id) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.cache_index_and_filter_blocks = true;
    table.format_version = 5;
    rocksdb::ColumnFamilyOptions options;
    options.paranoid_file_checks = true;
    options.memtable_protection_bytes_per_key = 8;
    options.write_buffer_size = 16 << 20;
    if (looked_up_by_id) {
      // Almost every id that is looked up is new. Ten bits a key find that out without reading a
      // block.
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      options.memtable_prefix_bloom_size_ratio = 0.1;
      options.memtable_whole_key_filtering = true;
      options.compression = rocksdb::kNoCompression;  // ids are random
      // A small first level keeps the merging of random ids cheap.
      options.max_bytes_for_level_base = 64 << 20;
    }
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return rocksdb::ColumnFamilyDescriptor(name, options);
  };
  return {family("default", false), family("journal", false), family("by_id", true),
          family("state", false)};
}

}  // namespace oee::paper
