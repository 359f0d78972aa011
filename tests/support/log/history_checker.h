// HistoryChecker: holds the engine to what it told its clients. Feed it every answer, every look at
// the durable log, every venue settlement, every streamed update; it says which invariant is broken
// and how. It decodes records by itself (LogChecker) and shares no code with the engine but the
// lifecycle table. Used by the simulation and by the kill tests. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/lifecycle.h"
#include "eventlog/audit/log_checker.h"

namespace oee::test {

class HistoryChecker {
 public:
  HistoryChecker();
  ~HistoryChecker();

  // The violations so far, in the order of their discovery, at most 100. A test fails when there is
  // one.
  const std::vector<Violation>& violations() const;
  bool ok() const { return violations().empty(); }

  // --- Clients ---------------------------------------------------------------------------------
  // A submit as the client sent it. Every submit has a key of its own order; repeats reuse it.
  struct Submit {
    std::string key;  // Idempotency-Key or client order id
    std::string input_token;
    std::string output_token;
    Decimal amount_in;
    std::uint32_t slippage_bps = 0;
  };
  // A client is about to send. Returns a ticket for its answer. `again`: a repeat of an earlier
  // one.
  std::uint64_t sending(const Submit& submit);
  // 202. log.acknowledged and log.ack_order are judged against the log that is shown later
  // (saw_log, at_rest); key.equal_answers at once.
  void told_accepted(std::uint64_t ticket, const OrderId& id, Seq seq);
  // A definite refusal (400, 413, 415, 422 ...): nothing of it may be in the log, unless another
  // submit of the same key is answered differently. Not for 503 or a lost connection.
  void told_refused(std::uint64_t ticket);

  // --- The log ---------------------------------------------------------------------------------
  // A look at durable records [first, ...) as stored. Looks may overlap what was seen before (then
  // log.prefix compares) but may leave no gap. After a record that breaks an invariant nothing more
  // of the log is judged.
  void saw_log(Seq first, const std::vector<std::string_view>& records);
  Seq log_head() const;  // of what was seen
  // From now on saw_log() is told of every durable record before anyone else is: an answer or an
  // update past log_head() is then a violation at once. Without this it waits for the next look.
  void log_is_current();
  // The order's standing in the log seen so far.
  struct Standing {
    Phase phase = Phase::none;
    Version version = 0;
    Seq last_seq = 0;
  };
  std::optional<Standing> standing(const OrderId& id) const;
  std::vector<OrderId> open_orders() const;
  std::size_t orders() const;

  // --- Venues ----------------------------------------------------------------------------------
  // A submit of this id reaches a venue now. REQUIRES: saw_log() has seen all that is durable.
  void venue_called(const VenueOrderId& id);
  struct Settlement {
    VenueOrderId id;
    Units amount_in = 0;
    Units amount_out = 0;
    Units fee = 0;
    TxHash tx_hash;
  };
  // As the venue's own ledger tells it, each entry once.
  void venue_settled(const Settlement& settlement);
  // A sum over all accounts that is not zero, or the like: in the auditor's words.
  void venue_unbalanced(const std::string& what);

  // --- Derived ---------------------------------------------------------------------------------
  // A subscriber's update. `after`: where its subscription resumed; `order`: empty for all orders.
  // The caller keeps one Subscriber per subscription; a resume begins a new one at the last seq.
  struct Subscriber {
    std::optional<OrderId> order;
    Seq last = 0;
    bool fresh = true;  // nothing came yet: what is wrong now breaks stream.resumable
  };
  void streamed(Subscriber& subscriber, Seq seq, const OrderId& id, Version version,
                EventType type);
  // The subscriber was told that it has everything up to `seq` (caughtUp, or at rest).
  void stream_complete(Subscriber& subscriber, Seq seq);
  // The caller's own comparison of rows with the log's fold failed.
  void report(Violation violation);

  // --- The end ---------------------------------------------------------------------------------
  // All is quiet, saw_log() has seen everything and venue_settled() every settlement: judges what
  // can only be judged now (log.acknowledged, log.ack_order, log.refused_absent,
  // venue.settled_confirmed, venue.confirmed_equal, live.orders_end).
  void at_rest();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee::test
