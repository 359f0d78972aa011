// Projection seams. Only the projector writes a ReadModel; the API reads OrderQueries and
// OrderHistory. All calls block: make them on a Worker or on the projector's own thread.
//
// Laws:
// - The cursor moves in the same transaction as the rows.
// - To apply a batch again changes nothing.
// - The rows are the fold of the records 1..cursor, after every crash.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/order/order.h"
#include "core/order/update.h"

namespace oee {

// The records [from, end) of the log and the orders that they change.
struct ProjectionBatch {
  LogIdentity log_id;
  Seq from = 0;                        // first seq in the batch
  Seq end = 0;                         // half-open
  std::vector<const Record*> records;  // every record of the range, in order; borrowed
  std::vector<Order> orders;           // each order that they change, in its state after the range
};

struct ProjectionCursor {
  LogIdentity log_id;  // zero: nothing projected yet
  Seq last_seq = 0;    // inclusive; the tables contain every record up to it
};

class ReadModel {
 public:
  virtual ~ReadModel() = default;
  virtual Result<ProjectionCursor> cursor() = 0;
  // Applies the batch in one transaction that begins with a locked read of the cursor. After an
  // error read the cursor again.
  //   conflict     batch.from is not cursor.last_seq + 1, or the log differs; nothing has changed
  //   unavailable  the connection was lost; the transaction may have been committed
  virtual Result<void> apply(const ProjectionBatch& batch) = 0;
  // Ends a blocked call and every later one at once with `closed`. A batch under way is committed
  // whole or not at all. Any thread; idempotent.
  virtual void interrupt() {}
};

// The conditions of a list of orders. A page may have fewer than `limit` items and still a
// next_cursor: a model without an index for the filter examines a bounded number of orders per
// page.
struct OrderFilter {
  std::optional<OrderStatus> status;
  std::string input_token;        // empty: any
  std::string output_token;       // empty: any
  std::string token;              // input or output; empty: any
  std::string venue;              // of the last built attempt; empty: any
  std::string account;            // empty: any
  std::string client_order_id;    // empty: any
  std::string tag;                // one of the order's; empty: any
  std::optional<TxHash> tx_hash;  // of the last submitted attempt
  std::optional<WallTime> since;  // accepted at or after
  std::uint32_t limit = 50;       // 1..500
  std::string cursor;             // empty: from the newest; else a page's next_cursor
};
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;  // empty: this is the last page
};
struct DeadLetterCounts {
  std::uint64_t dead = 0;  // failed, not requeued, not discarded
  std::uint64_t discarded = 0;
  std::vector<std::pair<ErrorClass, std::uint64_t>> by_error;  // those counted in `dead`
  std::uint64_t pending = 0;  // orders in status pending or resting
  std::uint64_t active = 0;   // orders in status routing, building or submitted
  std::uint64_t confirmed = 0;
};

// Lists, from the projections. They may lag behind the log; cursor() returns their position.
// Several threads may call at the same time.
class OrderQueries {
 public:
  virtual ~OrderQueries() = default;
  virtual Result<ProjectionCursor> cursor() = 0;
  // Newest accepted first. invalid: the page cursor is not a cursor of this list.
  virtual Result<Page<Order>> orders(const OrderFilter& filter) = 0;
  // The failed orders that were not discarded, newest accepted first; `account` empty: of all
  // accounts. A page may have fewer items than `limit`, as those of orders(). invalid: as orders().
  virtual Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor,
                                           const std::string& account) = 0;
  // Of one account; empty: of all.
  virtual Result<DeadLetterCounts> dead_letter_counts(const std::string& account) = 0;
};

struct EventFilter {
  std::optional<OrderId> order_id;  // empty: all orders
  Seq after = 0;                    // seq > after
  std::uint32_t limit = 500;
  std::optional<EventType> type;
  std::string account;  // of the events' orders; empty: any
  // Set the updates' input, output and account. The events' JSON does not contain them, and most
  // events need a read of another record for them.
  bool tokens = false;
};
// An event in a list.
struct EventView {
  Update update;     // with its JSON
  std::string json;  // write_event(record, with_order_id = true)
};

// The events of one order or of all orders. The engine reads its log, a gateway reads PostgreSQL.
// Several threads may call at the same time.
class OrderHistory {
 public:
  virtual ~OrderHistory() = default;
  // The order's current state, or its state at `at`: the fold of its events with seq <= at. Empty:
  // it has no such events.
  virtual Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) = 0;
  // Events in the order of their seqs, at most `limit`. Fewer when a filter by type or account
  // matches little: the scan is bounded. `scanned` is the last seq that was scanned; continue with
  // after = scanned.
  struct Events {
    std::vector<EventView> items;
    Seq scanned = 0;
  };
  virtual Result<Events> events(const EventFilter& filter) = 0;
  // The records whose fold order(id, at) is, in the order of their seqs. Empty: it has none.
  virtual Result<std::vector<Record>> records(const OrderId& id, std::optional<Seq> at) = 0;
};

}  // namespace oee
