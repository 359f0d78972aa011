#include "eventlog/rocks/options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "core/base/log.h"
#include "eventlog/layout.h"

namespace oee {
namespace {

// After a failed fsync a retry can succeed although the data is lost, and RocksDB resumes by itself
// after ENOSPC: both would acknowledge records that do not exist. So nothing is resumed, and the
// engine stops.
class FailStopListener final : public rocksdb::EventListener {
 public:
  explicit FailStopListener(std::function<void(const Error&)> on_error)
      : on_error_(std::move(on_error)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    on_error_(error_of(*status, "write the log"));
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  const std::function<void(const Error&)> on_error_;
};

// Writes RocksDB's warnings to the operator's log, among them the bytes that recovery drops from a
// torn WAL tail. There is no LOG file: after a failed write to it (a full disk), RocksDB's next
// line fails an assertion, and the process would end before the log has answered the queued
// appends.
class WarningLogger final : public rocksdb::Logger {
 public:
  WarningLogger() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}  // headers
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list args) override {
    if (level >= rocksdb::InfoLogLevel::WARN_LEVEL && level <= rocksdb::InfoLogLevel::FATAL_LEVEL)
      warn(format, args);
  }
  std::size_t GetLogFileSize() const override { return 0; }

  // The last warning about dropped bytes, with their file: "log/000012.log: dropping 43 bytes;
  // ...". The thread that opens the database writes it, and reads it when the opening failed.
  const std::string& dropped() const { return dropped_; }

 private:
  void warn(const char* format, va_list args) {
    va_list copy;
    va_copy(copy, args);
    char text[512];
    std::vsnprintf(text, sizeof text, format, copy);
    va_end(copy);
    log::warn("rocksdb", log::field("text", text));
    if (std::strstr(text, ": dropping ") != nullptr) dropped_ = text;
  }
  std::string dropped_;
};

rocksdb::BlockBasedTableOptions table_options() {
  rocksdb::BlockBasedTableOptions table;
  // One cache for all column families. It also holds index and filter blocks, so that memory has a
  // maximum for every length of the log: filters are 10 bits a key, 8 M events of by_order = 10 MB.
  // The cache has four shards, not RocksDB's 64 of 2 MB: a filter larger than its shard is never
  // kept, and every search reads it again (by_order has filters of 4 MB).
  table.block_cache = rocksdb::NewLRUCache(128 << 20, 2, false, 0.5);
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  table.whole_key_filtering = true;
  table.format_version = 5;
  table.detect_filter_construct_corruption = true;
  table.block_size = 16 << 10;
  return table;
}

rocksdb::ColumnFamilyOptions family_options(std::string_view name, std::size_t memtable_bytes,
                                            const rocksdb::BlockBasedTableOptions& table) {
  rocksdb::ColumnFamilyOptions family;
  family.compaction_style = rocksdb::kCompactionStyleLevel;
  family.compression = rocksdb::kLZ4Compression;
  family.paranoid_file_checks = true;
  family.memtable_protection_bytes_per_key = 8;
  family.write_buffer_size = memtable_bytes;
  family.max_write_buffer_number = 3;
  family.target_file_size_base = std::max<std::size_t>(memtable_bytes, 1 << 20);
  rocksdb::BlockBasedTableOptions own = table;
  // One insert hint for all keys: the search in the memtable begins at the last inserted entry.
  // Order ids begin with their time, so the open orders are neighbours in by_order. For the same
  // reason a flushed file overlaps only the newest part of the next level: small files there keep
  // the part that is merged repeatedly small.
  if (name == layout::cf_by_order) {
    family.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(0));
    family.target_file_size_base = std::max<std::size_t>(memtable_bytes / 16, 1 << 20);
  }
  if (name == layout::cf_events) {
    own.filter_policy.reset();  // every seq below the head exists
  } else {
    own.block_size = 4 << 10;  // for reads of single keys
    family.write_buffer_size = std::max<std::size_t>(memtable_bytes / 2, 64 << 10);
  }
  // Every new key is searched and not found: a bloom filter saves that search in the memtable too.
  // 32 MB hold about 500,000 entries; 0.03 of it is 1 MB, 16 bits an entry.
  if (name == layout::cf_keys) {
    family.memtable_prefix_bloom_size_ratio = 0.03;
    family.memtable_whole_key_filtering = true;
  }
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(own));
  return family;
}

}  // namespace

rocksdb::DBOptions log_db_options(rocksdb::Env* env,
                                  std::function<void(const Error&)> on_background_error) {
  rocksdb::DBOptions db;
  db.env = env;
  // The default (point in time) drops the records after a damaged one silently; this mode accepts
  // only a torn tail.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.track_and_verify_wals_in_manifest = true;
  db.verify_sst_unique_id_in_manifest = true;
  // Recovered records are in a synced SST before the engine acts on them.
  db.avoid_flush_during_recovery = false;
  db.paranoid_checks = true;
  db.flush_verify_memtable_count = true;
  db.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  // Without a maximum, small column families keep gigabytes of WAL, which the next start reads.
  db.max_total_wal_size = 128 << 20;
  db.max_bgerror_resume_count = 0;
  db.listeners.push_back(std::make_shared<FailStopListener>(std::move(on_background_error)));
  db.recycle_log_file_num = 0;
  db.wal_compression = rocksdb::kNoCompression;
  // A long log has thousands of SST files; the descriptors are needed for connections.
  db.max_open_files = 512;
  db.skip_stats_update_on_db_open = true;
  db.max_background_jobs = 2;
  db.bytes_per_sync = 1 << 20;
  // There is one writer: the concurrent path has a cost and no use.
  db.allow_concurrent_memtable_write = false;
  db.stats_dump_period_sec = 0;
  // For /metrics: counters per core, without clocks.
  db.statistics = rocksdb::CreateDBStatistics();
  db.statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  db.info_log = std::make_shared<WarningLogger>();
  check(!db.avoid_flush_during_recovery, "recovered records must be flushed before they are used");
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> log_column_families(std::size_t memtable_bytes) {
  const auto table = table_options();
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName,
                        family_options(rocksdb::kDefaultColumnFamilyName, memtable_bytes, table));
  for (const char* name : layout::all_cfs)
    families.emplace_back(name, family_options(name, memtable_bytes, table));
  return families;
}

std::string recovery_warning(const rocksdb::DBOptions& options) {
  const auto* logger = dynamic_cast<const WarningLogger*>(options.info_log.get());
  return logger != nullptr ? logger->dropped() : std::string();
}

Error error_of(const rocksdb::Status& status, std::string_view doing) {
  const std::string text = status.ToString();
  const std::string detail = "cannot " + std::string(doing) + ": " + text;
  if (status.IsCorruption()) return {Errc::corrupt, detail};
  if (status.IsNotSupported() || status.IsInvalidArgument()) return {Errc::unsupported, detail};
  // Another process ("While lock file") or another handle of this one ("lock hold by current
  // process").
  if (status.IsIOError() && text.find("/LOCK") != std::string::npos &&
      (text.find("lock file") != std::string::npos || text.find("lock hold") != std::string::npos))
    return {Errc::in_use, detail};
  return {Errc::io, detail};
}

}  // namespace oee
