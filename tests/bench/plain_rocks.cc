#include "tests/bench/plain_rocks.h"

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "eventlog/audit/secondary.h"
#include "eventlog/codec.h"
#include "eventlog/layout.h"
#include "eventlog/rocks/log.h"
#include "eventlog/rocks/options.h"

namespace oee::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t events_family = 1, by_order_family = 2, keys_family = 3;

double since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

void demand(const rocksdb::Status& status, const char* doing) {
  if (!status.ok()) throw std::runtime_error(std::string(doing) + ": " + status.ToString());
}

class PlainDb {
 public:
  explicit PlainDb(const std::filesystem::path& dir, bool create) {
    auto options = log_db_options(rocksdb::Env::Default(), [](const Error&) {});
    options.create_if_missing = options.create_missing_column_families = create;
    rocksdb::DB* db = nullptr;
    demand(rocksdb::DB::Open(options, dir.string(),
                             log_column_families(RocksLogOptions().memtable_bytes), &handles_, &db),
           "open RocksDB");
    db_.reset(db);
  }
  ~PlainDb() {
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
    (void)db_->Close();
  }
  rocksdb::DB& db() { return *db_; }
  const std::vector<rocksdb::ColumnFamilyHandle*>& handles() const { return handles_; }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

class UnsyncedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
};

class UnsyncedFiles final : public rocksdb::FileSystemWrapper {
 public:
  UnsyncedFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "UnsyncedFiles"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSWritableFile> synced;
    auto status = target()->NewWritableFile(name, options, &synced, debug);
    if (status.ok()) *file = std::make_unique<UnsyncedFile>(std::move(synced));
    return status;
  }
};

// The puts that the log's writer makes for one event.
void add_record(PlainBatch* batch, RecordHeader header, const Event& event, Hash256* chain) {
  const auto encoded = encode_event(event);
  if (!encoded) throw std::runtime_error(encoded.error().detail);
  header.type = encoded->type;
  header.previous_chain = *chain;
  std::string bytes;
  *chain = append_record(bytes, header, encoded->payload);
  const std::string seq = layout::seq_key(header.seq);
  batch->push_back({events_family, seq, std::move(bytes)});
  batch->push_back({by_order_family, layout::by_order_key(header.order_id, header.version), seq});
  const auto* accepted = std::get_if<OrderAccepted>(&event);
  if (accepted == nullptr || accepted->client_order_id.empty()) return;
  std::string entry(header.order_id.view());
  entry += seq;
  entry += as_bytes(accepted->fingerprint);
  batch->push_back({keys_family,
                    layout::key_of(layout::KeyKind::client_order_id, accepted->account,
                                   accepted->client_order_id),
                    std::move(entry)});
}

}  // namespace

std::vector<PlainBatch> puts_of(const std::vector<AppendRequest>& requests,
                                std::size_t requests_per_batch) {
  std::vector<PlainBatch> batches;
  Hash256 chain{};
  Seq seq = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (i % requests_per_batch == 0) batches.emplace_back();
    RecordHeader header;
    header.order_id = requests[i].order_id;
    header.version = requests[i].expected_version;
    header.correlation = requests[i].correlation;
    for (const Event& event : requests[i].events) {
      header.seq = ++seq;
      ++header.version;
      header.time = WallTime(Micros(1'770'000'000'000'000 + static_cast<std::int64_t>(seq)));
      add_record(&batches.back(), header, event, &chain);
    }
  }
  return batches;
}

double write_plain(const std::filesystem::path& dir, const std::vector<PlainBatch>& batches) {
  std::filesystem::create_directories(dir);
  PlainDb plain(dir, true);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::WriteBatch batch(1 << 20);
  const auto began = Clock::now();
  for (const PlainBatch& puts : batches) {
    batch.Clear();
    for (const PlainPut& put : puts)
      demand(batch.Put(plain.handles()[put.family], put.key, put.value), "put");
    demand(plain.db().Write(synced, &batch), "write");
  }
  return since(began);
}

Iterated iterate_events(const std::filesystem::path& log_dir, Seq last,
                        const std::function<void(std::string_view)>& each,
                        const std::function<void()>& ready) {
  const auto view = Secondary::open(log_dir);
  if (!view) throw std::runtime_error(view.error().detail);
  ready();
  Iterated seen;
  const auto began = Clock::now();
  const auto it = (*view)->iterate(Secondary::Family::events);
  for (it->SeekToFirst(); it->Valid() && seen.records < last; it->Next()) {
    each(view_of(it->value()));
    ++seen.records;
    seen.bytes += it->value().size();
  }
  seen.seconds = since(began);
  demand(it->status(), "iterate");
  if (seen.records < last)
    throw std::runtime_error("the iterator ended after " + std::to_string(seen.records) +
                             " records");
  return seen;
}

void compact(const std::filesystem::path& log_dir) {
  PlainDb plain(log_dir, false);
  for (auto* handle : plain.handles())
    demand(plain.db().CompactRange(rocksdb::CompactRangeOptions(), handle, nullptr, nullptr),
           "compact");
}

std::shared_ptr<rocksdb::FileSystem> unsynced_files() {
  return std::make_shared<UnsyncedFiles>();
}

}  // namespace oee::bench
