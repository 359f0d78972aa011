// Projection seams. ReadModel is written by the projector alone; OrderQueries and OrderHistory are
// read by the API. All calls block: they belong on a Worker or on the projector's own thread.
//
// Laws: the cursor moves in the same transaction as the rows; applying a batch again changes
// nothing; what is read is the fold of log[1..cursor], whatever crashed in between.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/order/order.h"
#include "core/order/update.h"

namespace oee {

// What one stretch [from, end) of the log does to the projections.
struct ProjectionBatch {
  LogId log_id;
  Seq from = 0;                        // first seq in the batch
  Seq end = 0;                         // half-open
  std::vector<const Record*> records;  // every record of the stretch, in order; borrowed
  std::vector<Order> orders;           // each order touched, as it stands after the stretch
};

struct ProjectionCursor {
  LogId log_id;      // zero: nothing projected yet
  Seq last_seq = 0;  // everything up to here is in the tables
};

class ReadModel {
 public:
  virtual ~ReadModel() = default;
  virtual Result<ProjectionCursor> cursor() = 0;
  // One transaction, beginning with a locked read of the cursor. conflict: batch.from is not
  // cursor.last_seq + 1 or the log id differs (re-read the cursor, nothing changed); unavailable:
  // the connection was lost, it may or may not have been committed (re-read the cursor).
  virtual Result<void> apply(const ProjectionBatch& batch) = 0;
  // Any thread, idempotent. A call that is blocked, and every later one, answers `closed` at once;
  // a batch in hand is committed whole or not at all, as ever.
  virtual void interrupt() {}
};

// What an order must be to be listed. A page ends early, with a cursor to go on, when a filter lets
// through little of what a model without an index for it has looked at.
struct OrderFilter {
  std::optional<OrderStatus> status;
  std::string input_token;        // empty: any
  std::string output_token;       // empty: any
  std::string token;              // on either side; empty: any
  std::string venue;              // of the last attempt that was built; empty: any
  std::string client_order_id;    // of any account; empty: any
  std::optional<TxHash> tx_hash;  // of the last attempt that was submitted
  std::optional<WallTime> since;  // accepted at or after
  std::uint32_t limit = 50;       // 1..500
  std::string cursor;             // empty: from the newest; else a page's next_cursor
};
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;  // empty: no more
};
struct DeadLetterStats {
  std::uint64_t dead = 0;  // failed, not requeued, not discarded
  std::uint64_t discarded = 0;
  std::vector<std::pair<ErrorClass, std::uint64_t>> by_error;  // of the dead
  std::uint64_t pending = 0;  // open orders by what they do: waiting,
  std::uint64_t active = 0;   // ... routing, building or submitted
  std::uint64_t confirmed = 0;
};

// Lists, from the projections: may lag the log by the projector's lag; cursor() says how far they
// are.
class OrderQueries {
 public:
  virtual ~OrderQueries() = default;
  virtual Result<ProjectionCursor> cursor() = 0;
  // Newest accepted first. invalid: the page cursor is not one of ours.
  virtual Result<Page<Order>> orders(const OrderFilter& filter) = 0;
  // Failed, not discarded, newest accepted first.
  virtual Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor) = 0;
  virtual Result<DeadLetterStats> dead_letter_stats() = 0;
};

struct EventFilter {
  std::optional<OrderId> order_id;  // empty: all orders
  Seq after = 0;                    // seq > after
  std::uint32_t limit = 500;
  std::optional<EventType> type;
};
// An event as lists show it.
struct EventView {
  Update update;     // with its frame text
  std::string json;  // write_event(record, with_order_id = true)
};

// The story of one order or of all: the engine folds its log, a gateway reads PostgreSQL.
class OrderHistory {
 public:
  virtual ~OrderHistory() = default;
  // The order as it is, or as it was at `at` (its events with seq <= at). Empty: unknown then.
  virtual Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) = 0;
  // Rising seqs. Stops at `limit`, or early after scanning a bounded stretch when a type filter
  // matches little; `scanned` is the last seq looked at (resume with after = scanned).
  struct Events {
    std::vector<EventView> items;
    Seq scanned = 0;
  };
  virtual Result<Events> events(const EventFilter& filter) = 0;
};

}  // namespace oee
