// Orders: the OrderService of one shard, over the log (engine) or over the projections alone
// (gateway). Loop's thread.
#pragma once

#include <vector>

#include "api/orders/admission.h"
#include "api/orders/order_service.h"
#include "core/exec/appender.h"
#include "core/exec/executor.h"
#include "core/order/ids.h"
#include "core/runtime/gate.h"
#include "core/runtime/worker.h"

namespace oee {

// The engine's half; a gateway has none.
struct OrderWriting {
  Appender& appender;
  const Admission& admission;
  Executor& executor;  // whose venues quote
  std::uint32_t shard = 0;
  std::uint32_t shards = 1;
};

class Orders final : public OrderService {
 public:
  struct Reading {
    OrderHistory& history;
    Worker& history_worker;
    OrderQueries& queries;
    Worker& queries_worker;
  };
  Orders(Loop& loop, Clock& clock, Entropy& entropy, Reading reading,
         std::optional<OrderWriting> writing);

  std::optional<Busy> refuses_new_orders() override;
  void on_wait(Micros wait) override { crowded_ = wait > Admission::backlogged_wait; }
  Task<AppendAnswer> place(PlaceOrder command, CorrelationId correlation) override;
  Task<AppendAnswer> cancel(OrderId id, CancelOrder command, CorrelationId correlation) override;
  Task<AppendAnswer> requeue(OrderId id, RequeueDeadLetter command,
                             CorrelationId correlation) override;
  Task<AppendAnswer> discard(OrderId id, DiscardDeadLetter command,
                             CorrelationId correlation) override;
  Task<Result<std::optional<Order>>> order(OrderId id, std::optional<Seq> at) override;
  Task<Result<OrderHistory::Events>> events(EventFilter filter) override;
  Task<Result<Page<Order>>> orders(OrderFilter filter, Seq after_seq) override;
  Task<Result<Page<Order>>> dead_letters(std::uint32_t limit, std::string cursor,
                                         Seq after_seq) override;
  Task<Result<DeadLetterStats>> dead_letter_stats(Seq after_seq) override;
  Task<Result<QuoteAnswer>> quote(Token input, Token output, Decimal amount_in,
                                  std::uint32_t slippage_bps) override;

  // Waits for what is under way; afterwards nothing of it runs. Idempotent.
  Task<void> stop();

 private:
  // Reads the order, decides, appends at its version; again after a lost race, eight times at most.
  template <class Command>
  Task<AppendAnswer> change(OrderId id, Command command, CorrelationId correlation);
  Task<Result<void>> wait_for_read_model(Seq after_seq);
  std::optional<Error> refuses_writes() const;

  Loop& loop_;
  Clock& clock_;
  Entropy& entropy_;
  Reading reading_;
  std::optional<OrderWriting> writing_;
  OrderIdSource ids_;
  Gate gate_;
  bool crowded_ = false;  // requests wait longer to be read than they should
};

}  // namespace oee
