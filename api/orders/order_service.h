// OrderService: what the network face can ask of the engine, in the domain's words. One per shard,
// on its loop. It never decides with what it merely remembers: a write is decided on the order's
// durable records and settled by the log's writer. On a gateway (no log) every write is
// `unavailable`, naming the engine's role.
#pragma once

#include <optional>
#include <string>

#include "api/orders/admission.h"
#include "core/base/task.h"
#include "core/order/command.h"
#include "core/runtime/worker.h"
#include "core/seams/event_log.h"
#include "core/seams/read_model.h"

namespace oee {

// One venue's answer, and the route that would be taken.
struct QuoteAnswer {
  std::vector<VenueQuote> quotes;
  std::optional<std::uint32_t> chosen;  // empty: no venue can trade it now
  Decimal min_out;                      // for the slippage asked, when chosen
};

class OrderService {
 public:
  virtual ~OrderService() = default;

  // --- Writes (full: 503 + Retry-After; closed: draining; indeterminate: "outcome unknown, retry
  // with the same key"; conflict: as decide() says; not_found)
  // -------------------------------------------------
  // Why place() would answer `full` now. Asked before a new order is read: under overload most of
  // them are refused, and a refusal must cost next to nothing.
  virtual std::optional<Busy> refuses_new_orders() { return std::nullopt; }
  // How long requests wait to be read at present: part of the answer to that.
  virtual void on_wait(Micros /*wait*/) {}
  virtual Task<AppendAnswer> place(PlaceOrder command, CorrelationId correlation) = 0;
  virtual Task<AppendAnswer> cancel(OrderId id, CancelOrder command, CorrelationId correlation) = 0;
  virtual Task<AppendAnswer> requeue(OrderId id, RequeueDeadLetter command,
                                     CorrelationId correlation) = 0;
  virtual Task<AppendAnswer> discard(OrderId id, DiscardDeadLetter command,
                                     CorrelationId correlation) = 0;

  // --- Reads -------------------------------------------------------------------------------------
  virtual Task<Result<std::optional<Order>>> order(OrderId id, std::optional<Seq> at) = 0;
  virtual Task<Result<OrderHistory::Events>> events(EventFilter filter) = 0;
  // `after_seq`: wait until the read model is that far, at most 2 s, else unavailable.
  virtual Task<Result<Page<Order>>> orders(OrderFilter filter, Seq after_seq) = 0;
  virtual Task<Result<Page<Order>>> dead_letters(std::uint32_t limit, std::string cursor,
                                                 Seq after_seq) = 0;
  virtual Task<Result<DeadLetterStats>> dead_letter_stats(Seq after_seq) = 0;
  // unavailable on a gateway.
  virtual Task<Result<QuoteAnswer>> quote(Token input, Token output, Decimal amount_in,
                                          std::uint32_t slippage_bps) = 0;
};

// What /health and /readyz say. Any thread.
struct Readiness {
  bool ready = false;
  std::vector<std::string> reasons;  // why not, one sentence each
  // the body's members as a JSON object: role, head seq, lags, open orders
  std::string health_json;
};
class Health {
 public:
  virtual ~Health() = default;
  virtual Readiness readiness() const = 0;
  virtual bool draining() const = 0;
};

}  // namespace oee
