// EmbeddedStore: the RocksDB of the embedded read model, which owns it. It has no write-ahead log,
// because the event log already contains everything: a crash loses the batches that were not
// flushed yet, and the projector applies them again. There is one column family, so that a prefix
// of the batches remains and the cursor always matches the rows. Integers in keys are big-endian.
//
//   'm'                         → cursor and counters, see encode_state()
//   'c' account                 → the counters of one account, see encode_counts()
//   'o' accepted_seq            → the order's row (order_codec.h)
//   'a' accepted_seq            → ""  the order is open (pending, routing, building, submitted)
//   's' status accepted_seq     → ""  the order has ended with this status
//   'd' accepted_seq            → ""  dead letter: failed, not discarded
//
// Open orders change their status often and are few (open_orders_max). Their statuses and accounts
// are kept in memory and read from the rows at the start, so that a change of status writes no
// index entry. A store of an earlier release has no counters of accounts: they are counted from the
// rows at its first start, and written with the next batch.
//
// Threads: the projector's thread alone calls changes_for() and commit(). commit() and every reader
// on another thread hold the lock of embedded/read_model.cc.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <filesystem>
#include <map>
#include <memory>

#include "core/seams/read_model.h"

namespace oee {

inline constexpr std::size_t error_class_count = 8;

// The numbers of orders that have ended, of all accounts or of one.
struct EndedCounts {
  std::uint64_t confirmed = 0;
  std::uint64_t discarded = 0;
  std::array<std::uint64_t, error_class_count> dead_by_error{};
};

// The value of 'm'.
struct EmbeddedState {
  ProjectionCursor cursor;
  EndedCounts ended;
};

struct EmbeddedOpenOrder {
  OrderStatus status = OrderStatus::pending;
  std::string account;
};

namespace embedded_key {
std::string order(Seq accepted_seq);
std::string open(Seq accepted_seq);
std::string ended(OrderStatus status, Seq accepted_seq);
std::string dead(Seq accepted_seq);
// The key's last eight bytes. REQUIRES: a key made by one of the four functions above.
Seq seq_of(rocksdb::Slice key);
std::string account(std::string_view name);
}  // namespace embedded_key

class EmbeddedStore {
 public:
  // A damaged store is deleted with a warning in the log. With `wipe` it is deleted in any case;
  // the caller logs the reason. io: the directory cannot be created, or another process uses it.
  static Result<std::unique_ptr<EmbeddedStore>> open(const std::filesystem::path& dir,
                                                     bool wipe = false);

  rocksdb::DB& db() { return *db_; }
  const EmbeddedState& state() const { return state_; }
  // By accepted_seq.
  const std::map<Seq, EmbeddedOpenOrder>& open_orders() const { return open_orders_; }
  // Of one account; empty: of all.
  EndedCounts ended(const std::string& account) const;

  // The changes that a batch makes. They are computed without the lock; commit() writes them.
  struct Changes {
    rocksdb::WriteBatch writes;
    EmbeddedState state;
    std::map<std::string, EndedCounts> accounts;  // those that the batch changes
    std::vector<std::pair<Seq, std::optional<EmbeddedOpenOrder>>> open_orders;  // empty: has ended
  };
  // REQUIRES: the batch begins right after the cursor. corrupt, io: the store could not be read.
  Result<Changes> changes_for(const ProjectionBatch& batch);
  Result<void> commit(Changes changes);

 private:
  explicit EmbeddedStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
  Result<void> load();
  Result<void> load_accounts();
  Result<void> count_accounts();
  Result<void> take_from_dead(const Order& now, Changes& changes);
  // Applies `change` to the counters of all orders and to those of the account.
  template <class Change>
  void count(Changes& changes, const std::string& account, Change change) const;
  std::unique_ptr<rocksdb::DB> db_;
  EmbeddedState state_;
  std::map<std::string, EndedCounts> accounts_;
  bool accounts_written_ = true;  // false: the store has no counters of accounts yet
  std::map<Seq, EmbeddedOpenOrder> open_orders_;
};

// corrupt: RocksDB reports damage; io: everything else.
Error error_of(const rocksdb::Status& status);

}  // namespace oee
