// EventLog seam: the ordered, durable, hash-chained log. It is the only truth, and the only channel
// between stages.
//
// Laws:
// - Only the log assigns seq (contiguous from 1), checks the expected version and decides
//   idempotency.
// - An append is all or nothing. It is answered exactly once, after it is durable, never before.
// - An append that was answered as appended survives every crash.
// - A failed write is `indeterminate`: the events may be there after a restart. After a failed
//   write the log refuses everything (fail-stop).
// - Readers see durable records only. Records are never changed, moved or deleted.
// - Nothing here assumes that the log is on this machine.
//
// Positions. A *head* is the seq of a last record, inclusive; 0 means none. An *end* is half-open:
// one past the last record. Four heads exist, always in this order:
//
//   1 ... applied ... published ... durable head ... assigned head
//           |             |              |               |
//           |             |              |               the last seq given to an append in the
//           |             |              |               writer's memory; it may be lost
//           |             |              the last record that is synced; readers see no further
//           |             the last update that the publisher gave to the bus
//           the cursor of a projection: its rows are the fold of 1..applied
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/order/event.h"

namespace oee {

// The version that no order has.
inline constexpr Version no_version = ~Version{0};

// Events of one order, or of the engine's own stream, at one expected version, all or nothing.
struct AppendRequest {
  OrderId order_id;
  // 0: the order must not exist; the first event must be OrderAccepted (engine_stream: an event of
  // no order). no_version: nothing is appended; the answer is that of the request's key, or
  // `conflict` when the key is new
  Version expected_version = 0;
  std::vector<Event> events;  // 1..16; only the first may have an idempotency key
  CorrelationId correlation;
  // The append is answered `conflict` when its records' time would be this or later.
  std::optional<WallTime> before;
  // The same when it would be earlier than this.
  std::optional<WallTime> not_before;
  // REQUIRES of an append with TransactionBuilt: the order's terms, by which a halt covers it.
  std::string account{};
  Symbol input{};
  Symbol output{};
  // Of an OrderAccepted or OrderAmended with a limit price: the pair's reference price, units > 0,
  // for the price collar; empty: it is not evaluated.
  std::optional<Decimal> reference_price{};

  bool new_order() const { return expected_version == 0 && order_id != engine_stream; }
};

struct Appended {
  OrderId order_id;   // of the *first* order when replayed
  Seq first_seq = 0;  // when replayed: seq of the event that used the key first
  Seq last_seq = 0;
  Version version = 0;  // after the last event; 0 when a change is replayed
  // same key, same fingerprint: nothing was appended, this is the first answer. An order that
  // replays by its client order id binds its new idempotency key to the first order, durably
  bool replayed = false;
};
// Errors:
//   conflict       the expected version is not the current one, another event came first, or the
//                  time is not before `before` or is before `not_before`, or a halt covers its
//                  TransactionBuilt
//   halted         a halt covers its OrderAccepted; the detail is that of the halt
//   key_mismatch   a key of the request belongs to another fingerprint, two keys belong to two
//                  orders, or a known idempotency key comes with a new client order id
//   full           the queue refuses new orders; only an OrderAccepted is ever refused for this
//   risk_limit     the order would break a limit (core/base/limit_breach.h); OrderAccepted,
//                  DeadLetterRequeued and OrderAmended are refused for this
//   invalid        an event has an illegal shape or limits that the log cannot keep, or an append
//                  has no events, too many events or too large ones
//   indeterminate  the write failed; the events may be there after a restart
//   closed         the log is stopping; nothing was written
using AppendAnswer = Result<Appended>;

// Consecutive durable records: seqs first .. first + records.size() - 1. Immutable.
struct Block {
  Seq first = 0;
  std::vector<Record> records;
  Seq end() const { return first + records.size(); }  // half-open
};
using BlockPtr = std::shared_ptr<const Block>;

// The answer to one append. `ticket` is the caller's own; the log only carries it.
struct Answer {
  void* ticket = nullptr;
  AppendAnswer result;
};

// One per shard. deliver() gets every block in order, none skipped, and the answers to this sink's
// own appends. The block is to be folded before the answers are completed: they depend on it.
// `block` is null when a round appended nothing. Called on the log's thread; an append that is
// refused at once is answered on the thread that called append(). Must not block: post to the
// shard's loop.
class BlockSink {
 public:
  virtual ~BlockSink() = default;
  virtual void deliver(BlockPtr block, std::vector<Answer> answers) = 0;
};

// The ids of the orders that were open when every shard had folded at least up to `seq`. It is a
// hint: some of these orders may have ended, and orders accepted or requeued after `seq` are not in
// it.
struct OpenOrderHint {
  Seq seq = 0;
  std::vector<OrderId> open;
};

class EventLog {
 public:
  virtual ~EventLog() = default;

  // Any thread; never blocks on the disk. The answer goes to `origin` with `ticket`, exactly once:
  // from the log's thread, or inside this call when the append is refused at once (invalid, full,
  // closed).
  virtual void append(AppendRequest request, BlockSink& origin, void* ticket) = 0;

  // Blocking, any thread. The durable records from `from` on: at least one when `from` is not past
  // the durable head, at most about `limit`. A block held in memory is returned whole: it may begin
  // before `from`; skip those records. The block is empty when there is no such record yet.
  // corrupt, io: damage, named with its seq; the log then fail-stops.
  virtual Result<BlockPtr> read(Seq from, std::size_t limit) = 0;

  // Blocking, any thread. All durable records of one order in version order; empty when unknown.
  virtual Result<std::vector<Record>> read_order(const OrderId& id) = 0;

  // Blocking. Waits until the durable head is past `seq` (a record with seq + 1 exists), the time
  // is over or the log stops. Returns the durable head. With a zero wait it returns at once.
  virtual Seq wait_past(Seq seq, std::chrono::milliseconds wait) = 0;

  // Blocking. Returns the newest stored hint, {0, {}} when there is none that can be used.
  virtual OpenOrderHint load_hint() = 0;
  // Any thread; never blocks on the disk. Soon replaces the stored hint, best effort.
  virtual void store_hint(OpenOrderHint hint) = 0;
};

}  // namespace oee
