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
constexpr std::uint8_t state_format = 2;
constexpr std::uint8_t format_without_accounts = 1;
constexpr std::size_t counts_bytes = 8 * (2 + error_class_count);
constexpr std::size_t state_bytes = 1 + 16 + 8 + counts_bytes;  // without the epoch
constexpr std::size_t epoch_bytes = 8;

std::string key_of(std::string_view prefix, Seq seq) {
  std::string key(prefix);
  append_be<std::uint64_t>(key, seq);
  return key;
}

// u64 confirmed, discarded, dead by error class [8], big-endian.
void encode_counts(std::string& out, const EndedCounts& counts) {
  append_be<std::uint64_t>(out, counts.confirmed);
  append_be<std::uint64_t>(out, counts.discarded);
  for (const std::uint64_t dead : counts.dead_by_error) append_be<std::uint64_t>(out, dead);
}

// REQUIRES: counts_bytes bytes.
EndedCounts decode_counts(std::string_view bytes) {
  EndedCounts counts;
  counts.confirmed = load_be<std::uint64_t>(bytes);
  counts.discarded = load_be<std::uint64_t>(bytes.substr(8));
  for (std::size_t i = 0; i < error_class_count; ++i)
    counts.dead_by_error[i] = load_be<std::uint64_t>(bytes.substr(8 * (2 + i)));
  return counts;
}

// u8 format | log id [16] | u64 last_seq, big-endian | counts | epoch [8]. Earlier releases wrote
// no epoch.
std::string encode_state(const EmbeddedState& state) {
  std::string out(1, static_cast<char>(state_format));
  out += state.cursor.log_id.id.view();
  append_be<std::uint64_t>(out, state.cursor.last_seq);
  encode_counts(out, state.ended);
  out += state.cursor.log_id.epoch.view();
  return out;
}

Result<EmbeddedState> decode_state(std::string_view bytes) {
  const bool has_epoch = bytes.size() == state_bytes + epoch_bytes;
  const auto format = bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes[0]);
  if ((bytes.size() != state_bytes && !has_epoch) ||
      (format != state_format && format != format_without_accounts))
    return Error{Errc::corrupt, "the read model's state is damaged or of another version"};
  EmbeddedState state;
  state.cursor.log_id.id = LogId::from_bytes(bytes.substr(1, 16));
  state.cursor.last_seq = load_be<std::uint64_t>(bytes.substr(17));
  state.ended = decode_counts(bytes.substr(25));
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
std::string account(std::string_view name) {
  return "c" + std::string(name);
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
  accounts_written_ = static_cast<std::uint8_t>(bytes[0]) != format_without_accounts;
  OEE_TRY(accounts_written_ ? load_accounts() : count_accounts());
  const std::unique_ptr<rocksdb::Iterator> open(db_->NewIterator({}));
  for (open->Seek("a"); open->Valid() && open->key().starts_with("a"); open->Next()) {
    const Seq seq = embedded_key::seq_of(open->key());
    if (const auto status = db_->Get({}, embedded_key::order(seq), &bytes); !status.ok())
      return Error{Errc::corrupt, "open order without a row: " + status.ToString()};
    OEE_TRY_ASSIGN(Order order, decode_order(bytes));
    open_orders_.emplace_hint(open_orders_.end(), seq,
                              EmbeddedOpenOrder{order.status(), std::move(order.account)});
  }
  if (!open->status().ok()) return error_of(open->status());
  return {};
}

Result<void> EmbeddedStore::load_accounts() {
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  for (at->Seek("c"); at->Valid() && at->key().starts_with("c"); at->Next()) {
    if (at->value().size() != counts_bytes)
      return Error{Errc::corrupt, "the counters of an account are damaged"};
    accounts_[at->key().ToString().substr(1)] =
        decode_counts({at->value().data(), at->value().size()});
  }
  if (!at->status().ok()) return error_of(at->status());
  return {};
}

Result<void> EmbeddedStore::count_accounts() {
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  for (at->Seek("o"); at->Valid() && at->key().starts_with("o"); at->Next()) {
    OEE_TRY_ASSIGN(const Order order, decode_order({at->value().data(), at->value().size()}));
    EndedCounts& counts = accounts_[order.account];
    if (order.phase == Phase::confirmed) ++counts.confirmed;
    if (order.phase == Phase::discarded) ++counts.discarded;
    if (order.phase == Phase::failed && order.error) ++counts.dead_by_error[index_of(*order.error)];
  }
  if (!at->status().ok()) return error_of(at->status());
  return {};
}

EndedCounts EmbeddedStore::ended(const std::string& account) const {
  if (account.empty()) return state_.ended;
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? EndedCounts() : found->second;
}

template <class Change>
void EmbeddedStore::count(Changes& changes, const std::string& account, Change change) const {
  change(changes.state.ended);
  const auto [at, is_new] = changes.accounts.try_emplace(account);
  if (is_new) at->second = ended(account);
  change(at->second);
}

Result<EmbeddedStore::Changes> EmbeddedStore::changes_for(const ProjectionBatch& batch) {
  Changes changes;
  changes.state = state_;
  changes.state.cursor = {batch.log_id, batch.end - 1};
  if (!accounts_written_) changes.accounts = accounts_;
  std::string row;
  for (const Order& order : batch.orders) {
    const Seq seq = order.accepted_seq;
    row.clear();
    append_order(row, order);
    changes.writes.Put(embedded_key::order(seq), row);

    const bool is_new = seq >= batch.from;
    const bool was_open = !is_new && open_orders_.contains(seq);
    if (order.open()) {
      changes.open_orders.emplace_back(seq, EmbeddedOpenOrder{order.status(), order.account});
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
      if (order.error)
        count(changes, order.account,
              [&](EndedCounts& counts) { ++counts.dead_by_error[index_of(*order.error)]; });
    }
    if (order.phase == Phase::confirmed)
      count(changes, order.account, [](EndedCounts& counts) { ++counts.confirmed; });
    if (order.phase == Phase::discarded)
      count(changes, order.account, [](EndedCounts& counts) { ++counts.discarded; });
  }
  for (const auto& [account, counts] : changes.accounts) {
    row.clear();
    encode_counts(row, counts);
    changes.writes.Put(embedded_key::account(account), row);
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
  count(changes, now.account,
        [&](EndedCounts& counts) { --counts.dead_by_error[index_of(*before.error)]; });
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
  accounts_written_ = true;
  for (const auto& [account, counts] : changes.accounts) accounts_[account] = counts;
  for (auto& [seq, order] : changes.open_orders) {
    if (order) {
      open_orders_[seq] = *std::move(order);
    } else {
      open_orders_.erase(seq);
    }
  }
  return {};
}

}  // namespace oee
