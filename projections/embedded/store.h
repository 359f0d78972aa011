// The RocksDB under the embedded read model. It has no write-ahead log of its own, the event log is
// that: a crash takes the batches that were not flushed yet, and they are projected again. One
// column family, so that what is left is a prefix of them: cursor and rows never disagree. Integers
// in keys are big-endian.
//
//   'm'                         → cursor and counters, see encode_state()
//   'o' accepted_seq            → the order's row (order_codec.h)
//   'a' accepted_seq            → ""  the order is open (pending, routing, building, submitted)
//   's' status accepted_seq     → ""  the order has ended with this status
//   'd' accepted_seq            → ""  dead letter: failed, not discarded
//
// Open orders change their status often and are few (open_orders_max): their statuses are kept in
// memory and read from the rows at the start, so that a change of status writes no index entry.
// Thread: apply() on one; everything else needs the caller's lock (embedded/read_model.cc).
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <filesystem>
#include <map>
#include <memory>

#include "core/seams/read_model.h"

namespace oee {

inline constexpr std::size_t error_class_count = 8;

// What stands in 'm'.
struct EmbeddedState {
  ProjectionCursor cursor;
  std::uint64_t confirmed = 0;
  std::uint64_t discarded = 0;
  std::array<std::uint64_t, error_class_count> dead_by_error{};
};

namespace embedded_key {
std::string order(Seq accepted_seq);
std::string open(Seq accepted_seq);
std::string ended(OrderStatus status, Seq accepted_seq);
std::string dead(Seq accepted_seq);
// The key's last eight bytes. REQUIRES: one of the four above.
Seq seq_of(rocksdb::Slice key);
}  // namespace embedded_key

class EmbeddedStore {
 public:
  // io: the directory cannot be made, or another process has it. A damaged store is wiped with a
  // warning; `wipe`: it is wiped in any case (the caller says why).
  static Result<std::unique_ptr<EmbeddedStore>> open(const std::filesystem::path& dir,
                                                     bool wipe = false);

  rocksdb::DB& db() { return *db_; }
  const EmbeddedState& state() const { return state_; }
  // Status of each open order, by accepted_seq.
  const std::map<Seq, OrderStatus>& open_orders() const { return open_orders_; }

  // What a batch changes, worked out without the lock; commit() then writes it.
  struct Changes {
    rocksdb::WriteBatch writes;
    EmbeddedState state;
    std::vector<std::pair<Seq, std::optional<OrderStatus>>> open_orders;  // empty: no longer open
  };
  // REQUIRES: the batch begins after the cursor. corrupt, io: the store could not be read.
  Result<Changes> changes_for(const ProjectionBatch& batch);
  Result<void> commit(Changes changes);

 private:
  explicit EmbeddedStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
  Result<void> load();
  Result<void> take_from_dead(const Order& now, Changes& changes);
  std::unique_ptr<rocksdb::DB> db_;
  EmbeddedState state_;
  std::map<Seq, OrderStatus> open_orders_;
};

// corrupt for damage, io for the rest.
Error error_of(const rocksdb::Status& status);

}  // namespace oee
