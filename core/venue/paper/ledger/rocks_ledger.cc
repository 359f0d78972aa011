// The durable ledger. Column families:
//   journal  entry number, big-endian -> entry
//   by_id    venue order id -> number of the entry that ended it; filled in runs (unindexed_ids.h)
//   state    "h" -> head; "i" -> the last entry that by_id includes; "p" | number -> pool;
//            "t" | number -> the balances of a token
// One commit is one synced WriteBatch over all three.
#include <rocksdb/db.h>
#include <unistd.h>

#include <atomic>

#include "core/base/bytes.h"
#include "core/rocksdb/store_files.h"
#include "core/venue/paper/ledger/codec.h"
#include "core/venue/paper/ledger/directory.h"
#include "core/venue/paper/ledger/ledger.h"
#include "core/venue/paper/ledger/rocks_ledger_options.h"
#include "core/venue/paper/ledger/unindexed_ids.h"

namespace oee::paper {
namespace {

constexpr int audit_reopens_max = 10;

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
std::string_view view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

std::string state_key(char kind, std::size_t number) {
  std::string key(1, kind);
  append_be<std::uint16_t>(key, static_cast<std::uint16_t>(number));
  return key;
}

class RocksLedger final : public LedgerStore {
 public:
  // Owns `handles` from here on.
  RocksLedger(std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> handles)
      : db_(std::move(db)), handles_(std::move(handles)) {
    check(handles_.size() == 4, "the venue ledger has four column families");
    write_.sync = true;
    write_.protection_bytes_per_key = 8;
  }
  ~RocksLedger() override {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  }

  // Called once, first: reads the ids at the journal's end that the index lacks.
  Result<void> recover_index();

  Result<LedgerState> load() override;
  Result<std::vector<EntryNumber>> find(const std::vector<VenueOrderId>& ids) override;
  Result<JournalEntry> read(EntryNumber number) override;
  Result<void> commit(const std::vector<JournalEntry>& entries, const LedgerState& after) override;
  Result<void> scan(const Visit& visit) override;
  Result<std::uint64_t> count_ids() override;

 private:
  rocksdb::ColumnFamilyHandle* journal() const { return handles_[1]; }
  rocksdb::ColumnFamilyHandle* by_id() const { return handles_[2]; }
  rocksdb::ColumnFamilyHandle* stored_state() const { return handles_[3]; }
  std::unique_ptr<rocksdb::Iterator> iterate(rocksdb::ColumnFamilyHandle* family) const {
    rocksdb::ReadOptions read;
    read.fill_cache = false;
    return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(read, family));
  }
  void put(rocksdb::ColumnFamilyHandle* family, std::string_view key, std::string_view value) {
    batch_.Put(family, slice(key), slice(value));
  }
  void put_state(const std::vector<JournalEntry>& entries, const LedgerState& after);
  void put_index(std::size_t entries);

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  rocksdb::WriteOptions write_;
  rocksdb::WriteBatch batch_{0, 0, 8, 0};  // reused, to keep its buffer
  UnindexedIds unindexed_{0};
};

Result<void> RocksLedger::recover_index() {
  EntryNumber indexed = 0;
  std::string bytes;
  const auto status = db_->Get({}, stored_state(), "i", &bytes);
  if (!status.ok() && !status.IsNotFound()) return ledger_error(status, "reading the index's end");
  if (status.ok()) {
    OEE_TRY_ASSIGN(indexed, decode_entry_key(bytes));
  }
  unindexed_ = UnindexedIds(indexed);
  auto entries = iterate(journal());
  for (entries->Seek(entry_key(indexed + 1)); entries->Valid(); entries->Next()) {
    OEE_TRY_ASSIGN(const EntryNumber number, decode_entry_key(view(entries->key())));
    OEE_TRY_ASSIGN(const JournalEntry entry, decode_entry(view(entries->value())));
    unindexed_.add(ended_id(entry), number);
  }
  if (!entries->status().ok()) return ledger_error(entries->status(), "reading the journal's end");
  return {};
}

Result<LedgerState> RocksLedger::load() {
  LedgerState state;
  auto rows = iterate(stored_state());
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const std::string_view key = view(rows->key());
    if (key == "i") continue;
    if (key == "h") {
      OEE_TRY_ASSIGN(const LedgerHead head, decode_head(view(rows->value())));
      state.next_entry = head.next_entry;
      state.height = head.height;
      state.first_height = head.first_height;
    } else if (key == state_key('p', state.pools.size())) {
      OEE_TRY_ASSIGN(PoolState pool, decode_pool(view(rows->value())));
      state.pools.push_back(pool);
    } else if (key == state_key('t', state.balances.size())) {
      OEE_TRY_ASSIGN(TokenBalances balances, decode_balances(view(rows->value())));
      state.balances.push_back(balances);
    } else {
      return Error{Errc::corrupt, "venue ledger: the stored state has an unknown row"};
    }
  }
  if (!rows->status().ok()) return ledger_error(rows->status(), "reading the state");

  EntryNumber last = 0;
  auto entries = iterate(journal());
  entries->SeekToLast();
  if (entries->Valid()) {
    OEE_TRY_ASSIGN(last, decode_entry_key(view(entries->key())));
  }
  if (!entries->status().ok()) return ledger_error(entries->status(), "reading the journal's end");
  if (last + 1 != state.next_entry) {
    return Error{Errc::corrupt, "venue ledger: the journal ends at " + std::to_string(last) +
                                    " and the state at " + std::to_string(state.next_entry - 1)};
  }
  return state;
}

Result<JournalEntry> RocksLedger::read(EntryNumber number) {
  std::string bytes;
  const auto status = db_->Get({}, journal(), entry_key(number), &bytes);
  if (status.IsNotFound()) {
    return Error{Errc::corrupt, "venue ledger: entry " + std::to_string(number) + " is missing"};
  }
  if (!status.ok()) return ledger_error(status, "reading entry " + std::to_string(number));
  return decode_entry(bytes);
}

Result<std::vector<EntryNumber>> RocksLedger::find(const std::vector<VenueOrderId>& ids) {
  std::vector<rocksdb::Slice> keys;
  keys.reserve(ids.size());
  for (const VenueOrderId& id : ids) keys.push_back(slice(id.view()));
  std::vector<rocksdb::PinnableSlice> values(ids.size());
  std::vector<rocksdb::Status> statuses(ids.size());
  db_->MultiGet({}, by_id(), keys.size(), keys.data(), values.data(), statuses.data());

  std::vector<EntryNumber> found(ids.size(), 0);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (const auto number = unindexed_.find(ids[i])) {
      found[i] = *number;
    } else if (statuses[i].ok()) {
      OEE_TRY_ASSIGN(found[i], decode_entry_key(view(values[i])));
    } else if (!statuses[i].IsNotFound()) {
      return ledger_error(statuses[i], "looking up an id");
    }
  }
  return found;
}

Result<void> RocksLedger::commit(const std::vector<JournalEntry>& entries,
                                 const LedgerState& after) {
  batch_.Clear();
  EntryNumber number = after.next_entry - entries.size();
  for (const JournalEntry& entry : entries) {
    put(journal(), entry_key(number), encode_entry(entry));
    unindexed_.add(ended_id(entry), number++);
  }
  put_index(entries.size());
  put_state(entries, after);
  const auto status = db_->Write(write_, &batch_);
  if (!status.ok()) return ledger_error(status, "committing");
  return {};
}

// Writes the next part of the current run to the index: twice as many ids as new entries, so that
// the run is complete long before the next one is full.
void RocksLedger::put_index(std::size_t entries) {
  const EntryNumber indexed = unindexed_.indexed();
  for (const auto& [id, number] : unindexed_.take(2 * entries)) {
    put(by_id(), id.view(), entry_key(number));
  }
  if (unindexed_.indexed() != indexed) put(stored_state(), "i", entry_key(unindexed_.indexed()));
}

// Writes only the rows that these entries changed.
void RocksLedger::put_state(const std::vector<JournalEntry>& entries, const LedgerState& after) {
  std::vector<bool> pool_changed(after.pools.size(), false);
  bool deposited = false;
  for (const JournalEntry& entry : entries) {
    for (const PoolTrade& trade : trades_of(entry)) pool_changed[trade.pool] = true;
    if (const auto* reference = std::get_if<ReferenceSet>(&entry.body)) {
      pool_changed[reference->pool] = true;
    } else if (std::holds_alternative<Deposit>(entry.body) ||
               std::holds_alternative<PoolOpened>(entry.body)) {
      deposited = true;
    }
  }
  auto token_changed = [&](Symbol symbol) {
    for (std::size_t i = 0; i < after.pools.size(); ++i) {
      const PoolState& pool = after.pools[i];
      if (pool_changed[i] && (pool.a.symbol == symbol || pool.b.symbol == symbol)) return true;
    }
    return false;
  };
  for (std::size_t i = 0; i < after.pools.size(); ++i) {
    if (deposited || pool_changed[i]) {
      put(stored_state(), state_key('p', i), encode_pool(after.pools[i]));
    }
  }
  for (std::size_t i = 0; i < after.balances.size(); ++i) {
    if (deposited || token_changed(after.balances[i].token.symbol)) {
      put(stored_state(), state_key('t', i), encode_balances(after.balances[i]));
    }
  }
  LedgerHead head;
  head.next_entry = after.next_entry;
  head.height = after.height;
  head.first_height = after.first_height;
  put(stored_state(), "h", encode_head(head));
}

Result<void> RocksLedger::scan(const Visit& visit) {
  auto entries = iterate(journal());
  for (entries->SeekToFirst(); entries->Valid(); entries->Next()) {
    OEE_TRY_ASSIGN(const EntryNumber number, decode_entry_key(view(entries->key())));
    OEE_TRY(visit(number, view(entries->value())));
  }
  if (!entries->status().ok()) return ledger_error(entries->status(), "reading the journal");
  return {};
}

Result<std::uint64_t> RocksLedger::count_ids() {
  // The ids of a run that is only partly written are counted in unindexed_, not in the index.
  std::uint64_t count = unindexed_.size();
  auto ids = iterate(by_id());
  for (ids->SeekToFirst(); ids->Valid(); ids->Next()) {
    OEE_TRY_ASSIGN(const EntryNumber number, decode_entry_key(view(ids->value())));
    count += number <= unindexed_.indexed() ? 1 : 0;
  }
  if (!ids->status().ok()) return ledger_error(ids->status(), "reading the ids");
  return count;
}

// A temporary directory of this process, removed at the end.
class Scratch {
 public:
  Scratch() {
    static std::atomic<unsigned> made = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("oee-ledger-audit-" + std::to_string(::getpid()) + "-" + std::to_string(made++));
    std::error_code ignored;
    std::filesystem::create_directories(path_, ignored);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Result<std::unique_ptr<RocksLedger>> open_secondary(const std::filesystem::path& dir,
                                                    const Scratch& scratch) {
  rocksdb::Options options(ledger_database_options({}), rocksdb::ColumnFamilyOptions());
  options.create_if_missing = false;
  options.create_missing_column_families = false;
  options.env = secondary_env();
  options.max_open_files = -1;  // all open, so files that the primary removes stay readable
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::OpenAsSecondary(options, dir.string(), scratch.path().string(),
                                                   ledger_column_families(), &handles, &db);
  if (!status.ok()) return ledger_error(status, "opening " + dir.string() + " to audit it");
  auto store = std::make_unique<RocksLedger>(std::unique_ptr<rocksdb::DB>(db), std::move(handles));
  OEE_TRY(store->recover_index());
  return store;
}

}  // namespace

Result<std::unique_ptr<LedgerStore>> open_rocks_ledger(
    const std::filesystem::path& dir, std::function<void(const Error&)> on_background_error) {
  OEE_TRY(prepare_ledger_directory(dir));
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(ledger_database_options(std::move(on_background_error)),
                                        dir.string(), ledger_column_families(), &handles, &db);
  if (!status.ok()) return ledger_error(status, "opening " + dir.string());
  auto store = std::make_unique<RocksLedger>(std::unique_ptr<rocksdb::DB>(db), std::move(handles));
  OEE_TRY(store->recover_index());
  return std::unique_ptr<LedgerStore>(std::move(store));
}

Result<LedgerAudit> audit_ledger(const std::filesystem::path& dir, const SettledTradeVisit& visit) {
  if (!std::filesystem::exists(dir / "CURRENT")) {
    return Error{Errc::not_found, "there is no venue ledger in " + dir.string()};
  }
  // A secondary of a ledger that is being written may see an inconsistent state. Only a violation
  // that remains after several reopenings is damage.
  for (int attempt = 1;; ++attempt) {
    Result<LedgerAudit> audit = Error{Errc::corrupt, ""};
    {
      const Scratch scratch;
      auto store = open_secondary(dir, scratch);
      if (store) {
        audit = audit_ledger(**store, {});
        if (audit && visit) return audit_ledger(**store, visit);  // the view is fixed
      } else {
        audit = store.error();
      }
    }
    if (audit || attempt == audit_reopens_max) return audit;
  }
}

}  // namespace oee::paper
