#include "eventlog/rocks/store.h"

#include <rocksdb/iterator.h>
#include <rocksdb/statistics.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "core/base/bytes.h"
#include "core/rocksdb/store_files.h"
#include "eventlog/layout.h"

namespace oee::embedded {
extern const char* const order_event_fbs;
}

namespace oee {
namespace {

constexpr std::size_t key_entry_bytes = 16 + 8 + 32;

LogId random_log_id() {
  std::random_device device;
  LogId id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(device());
  return id;
}

Error missing_record(Seq seq) {
  return {Errc::corrupt, "record " + std::to_string(seq) +
                             " is missing from the log; restore the log directory from a copy"};
}

std::array<char, 20> by_order_key(const OrderId& id, Version version) {
  std::array<char, 20> key;
  std::memcpy(key.data(), id.bytes.data(), 16);
  store_be<std::uint32_t>(&key[16], version);
  return key;
}

std::array<char, 8> seq_bytes(Seq seq) {
  std::array<char, 8> bytes;
  store_be<std::uint64_t>(bytes.data(), seq);
  return bytes;
}

Error open_error(const rocksdb::Status& status, const rocksdb::DBOptions& options,
                 const std::filesystem::path& dir) {
  Error error = error_of(status, "open the log " + dir.string());
  // RocksDB opens CURRENT to test direct I/O, which the log never uses. When the opening fails, its
  // status names only direct I/O.
  if (status.IsInvalidArgument() && error.detail.find("Direct I/O") != std::string::npos)
    return {Errc::io, "cannot open the log: " + (dir / "CURRENT").string() + " cannot be opened"};
  // A file that CURRENT or the MANIFEST names does not exist.
  if (status.IsPathNotFound()) error.code = Errc::corrupt;
  if (error.code != Errc::corrupt) return error;
  if (const std::string dropped = recovery_warning(options); !dropped.empty())
    error.detail += " (" + dropped + ")";
  error.detail += "; restore the log directory from a copy";
  return error;
}

template <std::size_t N>
rocksdb::Slice slice_of(const std::array<char, N>& bytes) {
  return {bytes.data(), N};
}

}  // namespace

Result<std::unique_ptr<RocksStore>> RocksStore::open(const Options& options, FailStop& fail_stop) {
  std::unique_ptr<RocksStore> store(new RocksStore);
  store->env_ = rocksdb::NewCompositeEnv(store_files(options.file_system));
  auto db_options =
      log_db_options(store->env_.get(), [&fail_stop](const Error& why) { fail_stop.raise(why); });
  db_options.create_if_missing = options.create;
  db_options.create_missing_column_families = options.create;
  rocksdb::DB* db = nullptr;
  const auto status =
      rocksdb::DB::Open(db_options, options.dir.string(),
                        log_column_families(options.memtable_bytes), &store->handles_, &db);
  if (!status.ok()) return open_error(status, db_options, options.dir);
  store->db_.reset(db);
  store->events_ = store->handles_[1];
  store->by_order_ = store->handles_[2];
  store->keys_ = store->handles_[3];
  store->hints_ = store->handles_[4];
  store->meta_ = store->handles_[5];
  OEE_TRY(store->adopt_meta(options.new_id));
  OEE_TRY(store->find_newest_order());
  return store;
}

RocksStore::~RocksStore() {
  if (!db_) return;
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  // The result does not matter: acknowledged records are synced.
  (void)db_->Close();
}

// Reads the log's own description; writes it when the log is new.
Result<void> RocksStore::adopt_meta(const std::optional<LogId>& new_id) {
  OEE_TRY_ASSIGN(const auto format, get(meta_, layout::meta_format, "the format version"));
  OEE_TRY_ASSIGN(const auto id, get(meta_, layout::meta_log_id, "the log id"));
  OEE_TRY_ASSIGN(const auto epoch, get(meta_, layout::meta_epoch, "the epoch"));
  OEE_TRY_ASSIGN(const auto schema, get(meta_, layout::meta_schema, "the schema"));
  if (format && format->size() == 4 &&
      load_be<std::uint32_t>(*format) > layout::store_format_version)
    return Error{Errc::unsupported, "the log has format " +
                                        std::to_string(load_be<std::uint32_t>(*format)) +
                                        ", written by a newer program; this one knows up to " +
                                        std::to_string(layout::store_format_version)};
  rocksdb::WriteBatch batch;
  if (format || id) {
    if (!format || format->size() != 4 || !id || id->size() != 16 || (epoch && epoch->size() != 8))
      return Error{Errc::corrupt, "the log's description (log id, epoch, format) is damaged"};
    identity_.id = LogId::from_bytes(*id);
    if (epoch) identity_.epoch = LogEpoch::from_bytes(*epoch);
  } else {
    OEE_TRY_ASSIGN(const Seq last, last_seq());
    // A process that was killed between the creation of the store and this batch leaves an empty
    // log.
    if (last > 0) return Error{Errc::corrupt, "the log holds records and no log id"};
    identity_.id = new_id ? *new_id : random_log_id();
    std::string version;
    append_be<std::uint32_t>(version, layout::store_format_version);
    batch.Put(meta_, layout::meta_log_id, oee::slice_of(identity_.id.view()));
    batch.Put(meta_, layout::meta_format, version);
  }
  if (schema != embedded::order_event_fbs)
    batch.Put(meta_, layout::meta_schema, embedded::order_event_fbs);
  return batch.Count() > 0 ? write(batch) : Result<void>();
}

Result<void> RocksStore::set_epoch(const LogEpoch& epoch) {
  if (epoch == identity_.epoch) return {};
  rocksdb::WriteBatch batch;
  batch.Put(meta_, layout::meta_epoch, oee::slice_of(epoch.view()));
  OEE_TRY(write(batch));
  identity_.epoch = epoch;
  return {};
}

Result<std::optional<std::string>> RocksStore::get(rocksdb::ColumnFamilyHandle* family,
                                                   std::string_view key,
                                                   std::string_view what) const {
  std::string value;
  const auto status = db_->Get(rocksdb::ReadOptions(), family, oee::slice_of(key), &value);
  if (status.ok()) return std::optional(std::move(value));
  if (status.IsNotFound()) return std::optional<std::string>();
  return error_of(status, "read " + std::string(what));
}

Result<Record> RocksStore::record(Seq seq) const {
  rocksdb::PinnableSlice bytes;  // a view into RocksDB's block: no copy
  const auto status = db_->Get(rocksdb::ReadOptions(), events_, slice_of(seq_bytes(seq)), &bytes);
  if (status.IsNotFound()) return missing_record(seq);
  if (!status.ok()) return error_of(status, "read record " + std::to_string(seq));
  auto record = decode_record(view_of(bytes));
  if (record.ok()) {
    record->hash = chain_hash(view_of(bytes));
    return record;
  }
  return Error{record.error().code, "record " + std::to_string(seq) + ": " + record.error().detail};
}

Result<Seq> RocksStore::last_seq() const {
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions(), events_));
  it->SeekToLast();
  if (!it->status().ok()) return error_of(it->status(), "find the last record");
  if (!it->Valid()) return Seq{0};
  if (it->key().size() != 8) return Error{Errc::corrupt, "the last record's key is no seq"};
  return load_be<std::uint64_t>(view_of(it->key()));
}

Result<void> RocksStore::scan(Seq first, Seq last, bool sequential, const EachRecord& each) const {
  if (first > last) return {};
  rocksdb::ReadOptions options;
  options.fill_cache = !sequential;
  if (sequential) options.readahead_size = 256 << 10;
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, events_));
  Seq next = first;
  for (it->Seek(slice_of(seq_bytes(first))); next <= last; it->Next(), ++next) {
    // A damaged block ends an iteration early and shows in the status only.
    if (!it->status().ok()) return error_of(it->status(), "read record " + std::to_string(next));
    if (!it->Valid() || it->key().size() != 8 || load_be<std::uint64_t>(view_of(it->key())) != next)
      return missing_record(next);
    OEE_TRY(each(next, view_of(it->value())));
  }
  return {};
}

Result<void> RocksStore::find_newest_order() {
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions(), by_order_));
  it->SeekToLast();
  if (!it->Valid()) {
    if (!it->status().ok()) return error_of(it->status(), "read the index of orders");
    return {};
  }
  const std::string_view key = view_of(it->key());
  if (key.size() != by_order_key({}, 0).size())
    return Error{Errc::corrupt, "the index of orders has a damaged key"};
  newest_order_ = OrderId::from_bytes(key.substr(0, 16));
  newest_in_batch_ = newest_order_;
  return {};
}

Result<bool> RocksStore::has_version(const OrderId& id, Version version) {
  // Ids rise with time: the id of a new order is nearly always above every stored one.
  if (id > newest_order_) return false;
  OEE_TRY_ASSIGN(const auto seq, seq_of(id, version));
  return seq.has_value();
}

Result<std::optional<Seq>> RocksStore::seq_of(const OrderId& id, Version version) const {
  rocksdb::PinnableSlice value;
  const auto status =
      db_->Get(rocksdb::ReadOptions(), by_order_, slice_of(by_order_key(id, version)), &value);
  if (status.IsNotFound()) return std::optional<Seq>();
  if (!status.ok()) return error_of(status, "find order " + to_text(id));
  if (value.size() != 8)
    return Error{Errc::corrupt, "the index entry of order " + to_text(id) + " is damaged"};
  return std::optional<Seq>(load_be<std::uint64_t>(view_of(value)));
}

Result<std::vector<Seq>> RocksStore::seqs_of(const OrderId& id) const {
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions(), by_order_));
  std::vector<Seq> seqs;
  for (it->Seek(slice_of(by_order_key(id, 0))); it->Valid(); it->Next()) {
    const std::string_view key = view_of(it->key());
    if (key.size() != 20 || key.substr(0, 16) != id.view()) break;
    if (load_be<std::uint32_t>(key.substr(16)) != seqs.size() + 1 || it->value().size() != 8)
      return Error{Errc::corrupt, "the index of order " + to_text(id) + " misses version " +
                                      std::to_string(seqs.size() + 1)};
    seqs.push_back(load_be<std::uint64_t>(view_of(it->value())));
  }
  if (!it->status().ok()) return error_of(it->status(), "read the index of order " + to_text(id));
  return seqs;
}

Result<std::optional<KeyEntry>> RocksStore::find_key(std::string_view key) {
  rocksdb::PinnableSlice value;
  const auto status = db_->Get(rocksdb::ReadOptions(), keys_, oee::slice_of(key), &value);
  if (status.IsNotFound()) return std::optional<KeyEntry>();
  if (!status.ok()) return error_of(status, "find an idempotency key");
  OEE_TRY_ASSIGN(const KeyEntry entry, parse_key_entry(view_of(value)));
  return std::optional(entry);
}

Result<std::vector<Record>> RocksStore::records_of(const OrderId& id) {
  OEE_TRY_ASSIGN(const std::vector<Seq> seqs, seqs_of(id));
  std::vector<Record> records;
  records.reserve(seqs.size());
  for (const Seq seq : seqs) {
    OEE_TRY_ASSIGN(Record next, record(seq));
    records.push_back(std::move(next));
  }
  return records;
}

Result<KeyEntry> RocksStore::parse_key_entry(std::string_view value) {
  if (value.size() != key_entry_bytes)
    return Error{Errc::corrupt, "an idempotency key's entry is damaged"};
  KeyEntry entry;
  entry.order_id = OrderId::from_bytes(value.substr(0, 16));
  entry.seq = load_be<std::uint64_t>(value.substr(16));
  std::memcpy(entry.fingerprint.data(), value.data() + 24, 32);
  return entry;
}

Result<std::optional<std::string>> RocksStore::older_hint() const {
  return get(hints_, "open", "the open-order hint");
}

StoreMetrics RocksStore::metrics() const {
  const auto property = [this](rocksdb::ColumnFamilyHandle* family, const std::string& name) {
    std::uint64_t value = 0;
    db_->GetIntProperty(family, name, &value);
    return value;
  };
  StoreMetrics metrics;
  for (auto* family : {events_, by_order_, keys_, hints_, meta_}) {
    StoreFamilyMetrics of_family;
    of_family.name = family->GetName();
    of_family.memtable_bytes = property(family, rocksdb::DB::Properties::kCurSizeAllMemTables);
    of_family.sst_bytes = property(family, rocksdb::DB::Properties::kTotalSstFilesSize);
    of_family.compaction_pending_bytes =
        property(family, rocksdb::DB::Properties::kEstimatePendingCompactionBytes);
    metrics.families.push_back(std::move(of_family));
  }
  metrics.running_compactions = property(events_, rocksdb::DB::Properties::kNumRunningCompactions);
  metrics.running_flushes = property(events_, rocksdb::DB::Properties::kNumRunningFlushes);
  rocksdb::VectorLogPtr wal;
  if (db_->GetSortedWalFiles(wal).ok())
    for (const auto& file : wal) metrics.wal_bytes += file->SizeFileBytes();
  if (const auto statistics = db_->GetDBOptions().statistics) {
    metrics.block_cache_hits = statistics->getTickerCount(rocksdb::BLOCK_CACHE_HIT);
    metrics.block_cache_misses = statistics->getTickerCount(rocksdb::BLOCK_CACHE_MISS);
    metrics.write_stall_us = statistics->getTickerCount(rocksdb::STALL_MICROS);
  }
  return metrics;
}

void RocksStore::put_record(rocksdb::WriteBatch& batch, const RecordHeader& header,
                            std::string_view bytes) {
  const auto seq = seq_bytes(header.seq);
  newest_in_batch_ = std::max(newest_in_batch_, header.order_id);
  batch.Put(events_, slice_of(seq), oee::slice_of(bytes));
  batch.Put(by_order_, slice_of(by_order_key(header.order_id, header.version)), slice_of(seq));
}

void RocksStore::put_key(rocksdb::WriteBatch& batch, std::string_view key, const KeyEntry& entry) {
  std::array<char, key_entry_bytes> value;
  std::memcpy(value.data(), entry.order_id.bytes.data(), 16);
  std::memcpy(value.data() + 16, seq_bytes(entry.seq).data(), 8);
  std::memcpy(value.data() + 24, entry.fingerprint.data(), 32);
  batch.Put(keys_, oee::slice_of(key), slice_of(value));
}

Result<void> RocksStore::write(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = db_->Write(options, &batch);
  if (!status.ok()) return error_of(status, "write the log");
  newest_order_ = newest_in_batch_;
  return {};
}

}  // namespace oee
