// HistoryChecker: checks the engine's answers, its log, its streams and the venues' settlements
// against each other. The test gives it every answer, every durable record, every settlement and
// every streamed update; it reports the violated invariants. It decodes records by itself
// (LogChecker) and shares no code with the engine but the lifecycle table. Used by the simulation
// and by the kill tests. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/lifecycle.h"
#include "core/seams/venue.h"
#include "eventlog/audit/log_checker.h"

namespace oee::test {

class HistoryChecker {
 public:
  // attempts_max: as in LogChecker::Options.
  explicit HistoryChecker(std::uint32_t attempts_max = 0);
  ~HistoryChecker();

  // The violations so far, in the order of their discovery, at most 100. A test fails when there is
  // any.
  const std::vector<Violation>& violations() const;
  bool ok() const { return violations().empty(); }

  // --- Clients ----------------------------------------------------------------------------------
  // A submit as the client sent it. Every submit has a key of its own order; repeats reuse it.
  struct Submit {
    std::string key;  // Idempotency-Key or client order id
    std::string input_token;
    std::string output_token;
    Decimal amount_in;
    std::uint32_t slippage_bps = 0;
    std::optional<Units> exact_out{};
  };
  // A client is about to send. Returns a ticket for its answer. A repeat has a ticket of its own.
  std::uint64_t sending(const Submit& submit);
  // The answer was 202. Checks key.equal_answers at once; log.acknowledged and log.ack_order when
  // the record is read (saw_log(), at_rest()).
  void answered_accepted(std::uint64_t ticket, const OrderId& id, Seq seq);
  // The answer was a definite refusal (400, 413, 415, 422 ...): the log must not hold the order,
  // unless another submit of the same key had another answer. Not for 503 or a lost connection.
  void answered_refused(std::uint64_t ticket);

  // --- The log ----------------------------------------------------------------------------------
  // The durable records from seq `first` on, as stored. They may overlap earlier ones, which are
  // then compared (log.prefix), but may leave no gap. After a record that breaks an invariant the
  // rest of the log is not checked.
  void saw_log(Seq first, const std::vector<std::string_view>& records);
  Seq log_head() const;  // the last seq given to saw_log()
  // From now on saw_log() gets every durable record before any client gets an answer or update of
  // it: an answer or an update past log_head() is a violation at once. Without this call it waits
  // for the next saw_log().
  void log_is_current();
  // The order's state in the records given so far; nullopt: no such order.
  struct Standing {
    Phase phase = Phase::none;
    Version version = 0;
    Seq last_seq = 0;
  };
  std::optional<Standing> standing(const OrderId& id) const;
  std::vector<OrderId> open_orders() const;
  std::size_t orders() const;

  // --- Venues -----------------------------------------------------------------------------------
  // A submit reaches this venue now. REQUIRES: saw_log() got every durable record.
  void venue_called(const VenueName& venue, const VenueOrder& order);
  struct Settlement {
    VenueOrderId id;
    VenueName venue;
    Symbol input;
    Symbol output;
    Units amount_in = 0;
    Units amount_out = 0;
    Units fee = 0;
    TxHash tx_hash;
    std::uint64_t height = 0;
  };
  // An entry of the venue's own ledger; each entry once.
  void venue_settled(const Settlement& settlement);
  // The audit of the venue's accounts failed; `what` is its message.
  void venue_unbalanced(const std::string& what);

  // --- Derived ----------------------------------------------------------------------------------
  // One subscription. The caller keeps it; a resume begins a new one at the last seq received.
  struct Subscriber {
    std::optional<OrderId> order;  // nullopt: all orders
    Seq last = 0;                  // the last seq received
    bool fresh = true;             // nothing received yet: a violation is then of stream.resumable
  };
  // The subscriber received an update.
  void streamed(Subscriber& subscriber, Seq seq, const OrderId& id, Version version,
                EventType type);
  // The subscriber has everything up to `seq`: it received caughtUp, or all is at rest.
  void stream_complete(Subscriber& subscriber, Seq seq);
  // Adds a violation that the caller found, as by comparing rows with the log's fold.
  void report(Violation violation);

  // --- The end ----------------------------------------------------------------------------------
  // REQUIRES: nothing runs, saw_log() got every record and venue_settled() every settlement. Checks
  // the invariants that hold only then: log.acknowledged, log.ack_order, log.refused_absent,
  // venue.intent_kept, venue.settled_confirmed, venue.confirmed_equal, live.orders_end.
  void at_rest();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee::test
