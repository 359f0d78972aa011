// EventLog seam: the ordered, durable, hash-chained log. The only truth, the only channel between
// stages.
//
// Laws:
// - Only the log assigns seq (contiguous from 1), checks the expected version and decides
// idempotency.
// - An append is all or nothing, and is answered after it is durable; never before, never twice.
// - What is answered as appended survives every crash. A failed write is `indeterminate`: it may be
// there
//   after a restart. After one the log refuses everything (fail-stop).
// - Readers see durable records only. Records are never changed, moved or deleted.
// - Nothing here assumes that the log is on this machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/order/event.h"

namespace oee {

// Events of one order at one expected version, all or nothing.
struct AppendRequest {
  OrderId order_id;
  Version expected_version =
      0;                      // 0: the order must not exist; the first event must be OrderAccepted
  std::vector<Event> events;  // 1..16
  CorrelationId correlation;
};

struct Appended {
  OrderId order_id;   // of the *first* order when replayed
  Seq first_seq = 0;  // when replayed: seq of the first order's OrderAccepted
  Seq last_seq = 0;
  Version version = 0;  // after the last event
  bool replayed =
      false;  // same key, same fingerprint: nothing was appended, this is the first answer
};
// conflict: the expected version is not the current one, or another event came first
// key_mismatch: a key of the OrderAccepted belongs to another fingerprint, or two keys to two
// orders full: the queue refuses new orders (only OrderAccepted is ever refused for this) invalid:
// an event that is not legal in shape (no events, too many, too large) indeterminate: the write
// failed; closed: stopping, nothing was written
using AppendAnswer = Result<Appended>;

// Consecutive durable records: seqs first .. first + records.size() - 1. Immutable.
struct Block {
  Seq first = 0;
  std::vector<Record> records;
  Seq end() const { return first + records.size(); }  // half-open
};
using BlockPtr = std::shared_ptr<const Block>;

// Where an append's answer goes. `ticket` is the caller's own.
struct Answer {
  void* ticket = nullptr;
  AppendAnswer result;
};

// One per shard. Called on the log's thread (refusals: on the appender's) with every block in
// order, none skipped, and with the answers to this sink's own appends: block first, answers after
// (they depend on it). `block` is null when a round appended nothing. Must not block: post it to
// the shard's loop.
class BlockSink {
 public:
  virtual ~BlockSink() = default;
  virtual void deliver(BlockPtr block, std::vector<Answer> answers) = 0;
};

// Ids of the orders that were open when every shard had folded at least up to `seq`. A hint: ended
// ids may be among them; orders accepted or requeued after `seq` are not.
struct OpenOrderHint {
  Seq seq = 0;
  std::vector<OrderId> open;
};

class EventLog {
 public:
  virtual ~EventLog() = default;

  // Any thread; never blocks on the disk. The answer goes to `origin` with `ticket`, always exactly
  // once: from the log's thread, or, when it is refused at once (invalid, full, closed), inside
  // this call.
  virtual void append(AppendRequest request, BlockSink& origin, void* ticket) = 0;

  // Blocking, any thread. Records [from, ...) that are durable: at least one when from < durable
  // end, at most about `limit` (a block held in memory may be returned whole and may begin before
  // `from`: skip). Empty block when there is none yet. corrupt/io: damage, named with its seq; the
  // log then fail-stops.
  virtual Result<BlockPtr> read(Seq from, std::size_t limit) = 0;

  // Blocking, any thread. All durable records of one order in version order; empty when unknown.
  virtual Result<std::vector<Record>> read_order(const OrderId& id) = 0;

  // Blocking. Waits until the durable end is past `seq` (a record with seq + 1 exists) or the time
  // is over or the log stops; returns the last durable seq. A zero wait just asks.
  virtual Seq wait_past(Seq seq, std::chrono::milliseconds wait) = 0;

  // Blocking. The newest stored hint ({0, {}} when none); storing replaces it, best effort.
  virtual Result<OpenOrderHint> load_hint() = 0;
  virtual Result<void> store_hint(const OpenOrderHint& hint) = 0;
};

}  // namespace oee
