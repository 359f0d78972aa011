#include "projections/embedded/store.h"

#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/order/order_codec.h"
#include "core/rocksdb/silent_log.h"
#include "core/rocksdb/store_files.h"

namespace oee {
namespace {

constexpr char state_key[] = "m";
constexpr std::uint8_t state_format = 1;
constexpr std::size_t state_bytes = 1 + 16 + 8 * (3 + error_class_count);  // without the epoch
constexpr std::size_t epoch_bytes = 8;

std::string key_of(std::string_view prefix, Seq seq) {
  std::string key(prefix);
  append_be<std::uint64_t>(key, seq);
  return key;
}

// u8 format | log id [16] | u64 last_seq, confirmed, discarded, dead by error class [8],
// big-endian | epoch [8]. Earlier releases wrote no epoch.
std::string encode_state(const EmbeddedState& state) {
  std::string out(1, static_cast<char>(state_format));
  out += state.cursor.log_id.id.view();
  append_be<std::uint64_t>(out, state.cursor.last_seq);
  append_be<std::uint64_t>(out, state.confirmed);
  append_be<std::uint64_t>(out, state.discarded);
  for (const std::uint64_t dead : state.dead_by_error) append_be<std::uint64_t>(out, dead);
  out += state.cursor.log_id.epoch.view();
  return out;
}

Result<EmbeddedState> decode_state(std::string_view bytes) {
  const bool has_epoch = bytes.size() == state_bytes + epoch_bytes;
  if ((bytes.size() != state_bytes && !has_epoch) ||
      static_cast<std::uint8_t>(bytes[0]) != state_format)
    return Error{Errc::corrupt, "the read model's state is damaged or of another version"};
  EmbeddedState state;
  state.cursor.log_id.id = LogId::from_bytes(bytes.substr(1, 16));
  std::size_t at = 17;
  for (std::uint64_t* number : {&state.cursor.last_seq, &state.confirmed, &state.discarded}) {
    *number = load_be<std::uint64_t>(bytes.substr(at));
    at += 8;
  }
  for (std::uint64_t& dead : state.dead_by_error) {
    dead = load_be<std::uint64_t>(bytes.substr(at));
    at += 8;
  }
  if (has_epoch) state.cursor.log_id.epoch = LogEpoch::from_bytes(bytes.substr(state_bytes));
  return state;
}

rocksdb::Options store_options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  // A crash loses at most two buffers; they are folded from the log again.
  options.write_buffer_size = 32 << 20;
  options.max_open_files = 256;  // RocksDB's default has no limit
  options.compression = rocksdb::kLZ4Compression;
  options.max_background_jobs = 2;
  options.env = store_env();
  options.info_log = std::make_shared<SilentLog>();
  // New keys of one kind (and status) arrive in rising order: the search for the next key's
  // position in the memtable begins at the last one.
  options.allow_concurrent_memtable_write = false;
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(2));
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// Another process, or another object of this one, has the store open. A damaged "block" is none.
bool is_lock_problem(const rocksdb::Status& status) {
  return status.IsIOError() && status.ToString().find("/LOCK") != std::string::npos;
}

void wipe_store(const std::filesystem::path& dir, const std::string& why) {
  if (!why.empty())
    log::warn("the embedded read model is damaged: it is deleted and rebuilt from the log",
              log::field("dir", dir.string()), log::field("why", why));
  std::error_code ignored;  // a file that cannot be removed is reported by the next open
  for (const auto& entry : std::filesystem::directory_iterator(dir, ignored))
    std::filesystem::remove_all(entry.path(), ignored);
}

std::size_t index_of(ErrorClass error) {
  return static_cast<std::size_t>(error);
}

}  // namespace

namespace embedded_key {
std::string order(Seq accepted_seq) {
  return key_of("o", accepted_seq);
}
std::string open(Seq accepted_seq) {
  return key_of("a", accepted_seq);
}
std::string ended(OrderStatus status, Seq accepted_seq) {
  const char prefix[] = {'s', static_cast<char>('0' + static_cast<int>(status))};
  return key_of(std::string_view(prefix, 2), accepted_seq);
}
std::string dead(Seq accepted_seq) {
  return key_of("d", accepted_seq);
}
Seq seq_of(rocksdb::Slice key) {
  return load_be<std::uint64_t>(std::string_view(key.data(), key.size()).substr(key.size() - 8));
}
}  // namespace embedded_key

Error error_of(const rocksdb::Status& status) {
  return Error{status.IsCorruption() ? Errc::corrupt : Errc::io,
               "read model: " + status.ToString()};
}

Result<std::unique_ptr<EmbeddedStore>> EmbeddedStore::open(const std::filesystem::path& dir,
                                                           bool wipe) {
  std::error_code failed;
  std::filesystem::create_directories(dir, failed);
  if (failed) return Error{Errc::io, "cannot create " + dir.string() + ": " + failed.message()};
  if (wipe) wipe_store(dir, {});
  const rocksdb::Options options = store_options();
  for (int attempt = 1;; ++attempt) {
    rocksdb::DB* raw = nullptr;
    const rocksdb::Status opened = rocksdb::DB::Open(options, dir.string(), &raw);
    std::unique_ptr<EmbeddedStore> store(
        new EmbeddedStore(std::unique_ptr<rocksdb::DB>(opened.ok() ? raw : nullptr)));
    if (!opened.ok() && is_lock_problem(opened)) return error_of(opened);
    const Result<void> loaded = opened.ok() ? store->load() : Result<void>(error_of(opened));
    if (loaded) return store;
    if (attempt == 2) return loaded.error();
    store.reset();
    wipe_store(dir, loaded.error().detail);
  }
}

Result<void> EmbeddedStore::load() {
  std::string bytes;
  const rocksdb::Status got = db_->Get({}, state_key, &bytes);
  if (got.IsNotFound()) return {};
  if (!got.ok()) return error_of(got);
  OEE_TRY_ASSIGN(state_, decode_state(bytes));
  const std::unique_ptr<rocksdb::Iterator> open(db_->NewIterator({}));
  for (open->Seek("a"); open->Valid() && open->key().starts_with("a"); open->Next()) {
    const Seq seq = embedded_key::seq_of(open->key());
    if (const auto status = db_->Get({}, embedded_key::order(seq), &bytes); !status.ok())
      return Error{Errc::corrupt, "open order without a row: " + status.ToString()};
    OEE_TRY_ASSIGN(const OrderHead head, decode_order_head(bytes));
    open_orders_.emplace_hint(open_orders_.end(), seq, status_of(head.phase));
  }
  if (!open->status().ok()) return error_of(open->status());
  return {};
}

Result<EmbeddedStore::Changes> EmbeddedStore::changes_for(const ProjectionBatch& batch) {
  Changes changes;
  changes.state = state_;
  changes.state.cursor = {batch.log_id, batch.end - 1};
  std::string row;
  for (const Order& order : batch.orders) {
    const Seq seq = order.accepted_seq;
    row.clear();
    append_order(row, order);
    changes.writes.Put(embedded_key::order(seq), row);

    const bool is_new = seq >= batch.from;
    const bool was_open = !is_new && open_orders_.contains(seq);
    if (order.open()) {
      changes.open_orders.emplace_back(seq, order.status());
      if (!was_open) changes.writes.Put(embedded_key::open(seq), "");
    } else {
      if (was_open) {
        changes.open_orders.emplace_back(seq, std::nullopt);
        changes.writes.Delete(embedded_key::open(seq));
      }
      changes.writes.Put(embedded_key::ended(order.status(), seq), "");
    }
    // An order that has an event but is neither new nor open was a dead letter: it was requeued or
    // discarded.
    if (!is_new && !was_open) OEE_TRY(take_from_dead(order, changes));
    if (order.phase == Phase::failed) {
      changes.writes.Put(embedded_key::dead(seq), "");
      if (order.error) ++changes.state.dead_by_error[index_of(*order.error)];
    }
    if (order.phase == Phase::confirmed) ++changes.state.confirmed;
    if (order.phase == Phase::discarded) ++changes.state.discarded;
  }
  changes.writes.Put(state_key, encode_state(changes.state));
  return changes;
}

// The order was a dead letter before this batch: removes its index entries and its count.
Result<void> EmbeddedStore::take_from_dead(const Order& now, Changes& changes) {
  const Seq seq = now.accepted_seq;
  std::string bytes;
  if (const auto status = db_->Get({}, embedded_key::order(seq), &bytes); !status.ok())
    return Error{Errc::corrupt, "read model: no row of a failed order: " + status.ToString()};
  OEE_TRY_ASSIGN(const Order before, decode_order(bytes));
  if (before.phase != Phase::failed || !before.error)
    return Error{Errc::corrupt, "read model: row of " + to_text(now.id) + " is not a dead letter"};
  --changes.state.dead_by_error[index_of(*before.error)];
  changes.writes.Delete(embedded_key::dead(seq));
  if (now.status() != OrderStatus::failed)
    changes.writes.Delete(embedded_key::ended(OrderStatus::failed, seq));
  return {};
}

Result<void> EmbeddedStore::commit(Changes changes) {
  rocksdb::WriteOptions in_memory;
  in_memory.disableWAL = true;
  if (const auto status = db_->Write(in_memory, &changes.writes); !status.ok())
    return error_of(status);
  state_ = changes.state;
  for (const auto& [seq, status] : changes.open_orders) {
    if (status) {
      open_orders_[seq] = *status;
    } else {
      open_orders_.erase(seq);
    }
  }
  return {};
}

}  // namespace oee
