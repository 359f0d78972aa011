// OrderService: the operations on orders that the REST API and the streams call. One per shard, on
// its loop. It caches nothing: a write is decided on the order's durable records, and the log's
// writer has the last word. On a gateway (no log) every write returns `unavailable` with a detail
// that names the engine's role. An acknowledged write is durable.
#pragma once

#include <optional>
#include <string>

#include "api/orders/admission.h"
#include "core/base/task.h"
#include "core/order/command.h"
#include "core/order/halts.h"
#include "core/order/legs.h"
#include "core/runtime/worker.h"
#include "core/seams/event_log.h"
#include "core/seams/read_model.h"

namespace oee {

struct OrderAndLegs {
  Order order;
  std::vector<Leg> legs;
};

// Every venue's quote, and the route that an order would take now.
struct QuoteAnswer {
  std::vector<VenueQuote> quotes;
  std::optional<std::uint32_t> chosen;  // index into quotes; nullopt: no venue can trade it now
  std::uint32_t legs = 1;               // of a split: the chosen quotes from `chosen` on
  Decimal min_out;                      // at the requested slippage; only when chosen
  // The same of an exact output, which has no min_out. Empty: a slippage of 10,000 bps is no bound.
  std::optional<Decimal> max_in{};
  WallTime as_of{};  // the log's time

  // The sums of the chosen quotes. REQUIRES: chosen.
  Decimal amount_out() const {
    Decimal sum = quotes[*chosen].amount_out;
    for (std::uint32_t i = 1; i < legs; ++i) sum.units += quotes[*chosen + i].amount_out.units;
    return sum;
  }
  // The output that one order can be held to. An order may have to trade without a split, so it is
  // the best quote of one transaction. Without one it is the output at the price of the worst leg,
  // because each leg holds the order's least output by itself. REQUIRES: chosen.
  Units promised_out() const;
};

// The amount of a quote: of the input, or the exact one of the output.
struct SwapAmount {
  Decimal amount;
  bool of_output = false;
  bool in_parts = false;  // an order of it may be split
};

// A change of an order, and the order's state after it.
struct Changed {
  OrderId order_id = {};
  Seq seq = 0;
  Version version = 0;
  OrderStatus status = OrderStatus::pending;
  bool cancel_requested = false;  // it ends with its live attempt, unless that attempt fills it
  // true: an earlier request with the same key made the change; nothing was appended
  bool replayed = false;
};
using ChangeAnswer = Result<Changed>;

// The open orders that are cancelled together: those that match every condition.
struct CancelFilter {
  std::string account = {};                // empty: any
  std::string token = {};                  // input or output; empty: any
  std::optional<OrderStatus> status = {};  // an open one
};
struct CancelCounts {
  std::uint64_t matched = 0;  // the sum of the others
  std::uint64_t cancelled = 0;
  std::uint64_t requested = 0;  // an attempt is live: they end with it
  std::uint64_t ended = 0;      // before they could be cancelled
  std::uint64_t failed = 0;
  std::optional<Error> stopped;  // the error that ended it early; orders that match are left
};

// Where a read comes from: one order and the events from the history, lists from the read model.
enum class ReadSource : std::uint8_t { history, read_model };

class OrderService {
 public:
  virtual ~OrderService() = default;

  // --- Writes
  // --------------------------------------------------------------------------------------
  //   full           place: too many open orders, too many waiting appends or too little disk
  //                  space; halt: too many halts are in force
  //   halted         place: a halt covers the order
  //   risk_limit     place, amend, requeue: the order would break a limit
  //   conflict       place: the order's quote is not valid any more; cancel, requeue, discard,
  //                  amend, resolve: as decide() returns it; resolve: the engine asks the venue for
  //                  the attempt
  //   stale          amend: the order is not at the command's version
  //   key_mismatch   a key belongs to another request, or two keys to two orders
  //   not_found      cancel, requeue, discard, amend, resolve: no such order; resume: no such halt
  //                  is in force
  //   invalid        amend, resolve: as decide() returns it; the log refuses the event's shape or
  //                  size
  //   indeterminate  the outcome is unknown: retry with the same key
  //   unavailable    this is a gateway, the engine recovers its open orders, or the order changed
  //                  eight times in the meantime
  //   closed         the engine is stopping

  // The reason why place() would return `full` now. Called before the body of a new order is read:
  // under overload most new orders are refused, so a refusal must be cheap.
  virtual std::optional<Busy> refuses_new_orders() { return std::nullopt; }
  // Reports how long requests currently wait to be read; refuses_new_orders() depends on it.
  virtual void on_wait(Micros /*wait*/) {}
  virtual Task<AppendAnswer> place(PlaceOrder command, CorrelationId correlation) = 0;
  // A cancel that is requested already is answered like the first, without an event unless it has
  // a key.
  virtual Task<ChangeAnswer> cancel(OrderId id, CancelOrder command, CorrelationId correlation) = 0;
  virtual Task<ChangeAnswer> requeue(OrderId id, RequeueDeadLetter command,
                                     CorrelationId correlation) = 0;
  virtual Task<ChangeAnswer> discard(OrderId id, DiscardDeadLetter command,
                                     CorrelationId correlation) = 0;
  // Appends OutcomeResolved and what follows from it. `seq` is that of OutcomeResolved; `status`
  // and `version` are those after the last event.
  virtual Task<ChangeAnswer> resolve(OrderId id, ResolveOutcome command,
                                     CorrelationId correlation) = 0;
  // The order that a change now would find; no value: there is none. It waits for no client's read.
  // Errors: those of the writes.
  virtual Task<Result<std::optional<Order>>> current(OrderId id) = 0;
  // Appends at the command's version and no other. A key that is known is answered first.
  virtual Task<ChangeAnswer> amend(OrderId id, AmendOrder command, CorrelationId correlation) = 0;
  // Cancels every order that is open and matches when it is examined, each with an event of its
  // own. Orders that are accepted meanwhile may be left. REQUIRES: the command has no key.
  virtual Task<Result<CancelCounts>> cancel_all(CancelFilter filter, CancelOrder command,
                                                CorrelationId correlation) = 0;
  // The halt's id is `first_seq`.
  virtual Task<AppendAnswer> halt(HaltTrading command, CorrelationId correlation) = 0;
  virtual Task<AppendAnswer> resume(ResumeTrading command, CorrelationId correlation) = 0;

  // --- Reads
  // ---------------------------------------------------------------------------------------
  //   invalid      the page cursor is not a cursor of this list
  //   full         too many reads wait
  //   unavailable  the database cannot be read, or the read model does not reach `after_seq` within
  //                2 s
  //   corrupt      the stored records are damaged

  // The durable head of the log; no value on a gateway, which does not know it. Any seq that the
  // engine has answered or streamed is at most this one.
  virtual std::optional<Seq> head() const { return std::nullopt; }
  // A read that begins after this answer is as of this seq at least: it contains all records up to
  // it. 0: not known. Errors: those of the read.
  virtual Task<Result<Seq>> read_position(ReadSource) { co_return Seq{0}; }
  // The order now, or after its records with seq <= `at`; no value: it has none. A gateway waits
  // for its projection to reach `at`, and for an order that it does not have, the head that the bus
  // announced; unavailable: not within 2 s.
  virtual Task<Result<std::optional<Order>>> order(OrderId id, std::optional<Seq> at) = 0;
  virtual Task<Result<OrderHistory::Events>> events(EventFilter filter) = 0;
  // `after_seq`: waits until the read model contains this seq; 0: no wait. One query at a time
  // serves all requests of the shard that wait.
  virtual Task<Result<Page<Order>>> orders(OrderFilter filter, Seq after_seq) = 0;
  // `account` of these two: empty: all accounts.
  virtual Task<Result<Page<Order>>> dead_letters(std::uint32_t limit, std::string cursor,
                                                 std::string account, Seq after_seq) = 0;
  virtual Task<Result<DeadLetterCounts>> dead_letter_counts(std::string account, Seq after_seq) = 0;
  // The halts in force; an engine only.
  virtual Result<Halts> halts() const = 0;
  // Every venue's quote, at most a second old. full: too many quotes are being asked for.
  // unavailable, closed: as for writes.
  virtual Task<Result<QuoteAnswer>> quote(Token input, Token output, SwapAmount amount,
                                          std::uint32_t slippage_bps) = 0;
  // The order as order() returns it, and its legs after the same record.
  virtual Task<Result<std::optional<OrderAndLegs>>> order_and_legs(OrderId id,
                                                                   std::optional<Seq> at) = 0;
};

}  // namespace oee
