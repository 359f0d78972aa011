// Orders: the OrderService of one shard. On the engine it writes through the log; on a gateway it
// only reads the projections. Owned by its shard; loop's thread.
#pragma once

#include <functional>
#include <vector>

#include "api/orders/admission.h"
#include "api/orders/announced_head.h"
#include "api/orders/order_service.h"
#include "api/orders/quotes.h"
#include "api/orders/read_model_wait.h"
#include "core/exec/appender.h"
#include "core/exec/executor.h"
#include "core/order/ids.h"
#include "core/order/token_registry.h"
#include "core/runtime/worker.h"

namespace oee {

// A shard's open orders. Only the shard's loop reads them.
struct ShardOrders {
  Loop& loop;
  const Executor& executor;
};

// The parts that writes need; a gateway has none. All outlive the Orders.
struct OrderWriting {
  Appender& appender;
  const Admission& admission;
  Executor& executor;                           // its venues quote
  const std::vector<ShardOrders>& open_orders;  // of every shard, by its number
  const TokenRegistry& tokens;                  // with the reference prices
  // Reads the log for writes. Nothing else waits in its queue than writes and requeued orders.
  Worker& worker;
  std::uint32_t shard = 0;
  std::uint32_t shards = 1;
};

class Orders final : public OrderService {
 public:
  // Only a Worker's threads use its seam. All outlive the Orders.
  struct Reading {
    OrderHistory& history;
    Worker& history_worker;
    OrderQueries& queries;
    Worker& queries_worker;
    const AnnouncedHead* announced = nullptr;  // of a gateway's bus; null: not waited for
  };
  Orders(Loop& loop, Clock& clock, Entropy& entropy, Reading reading,
         std::optional<OrderWriting> writing);

  std::optional<Busy> refuses_new_orders() override;
  void on_wait(Micros wait) override { backlogged_ = wait > Admission::backlogged_wait; }
  Task<AppendAnswer> place(PlaceOrder command, CorrelationId correlation) override;
  Task<ChangeAnswer> cancel(OrderId id, CancelOrder command, CorrelationId correlation) override;
  Task<ChangeAnswer> requeue(OrderId id, RequeueDeadLetter command,
                             CorrelationId correlation) override;
  Task<ChangeAnswer> discard(OrderId id, DiscardDeadLetter command,
                             CorrelationId correlation) override;
  Task<ChangeAnswer> resolve(OrderId id, ResolveOutcome command,
                             CorrelationId correlation) override;
  // As of the durable head or later: an open order from the memory of its shard, another one from
  // the log.
  Task<Result<std::optional<Order>>> current(OrderId id) override;
  Task<ChangeAnswer> amend(OrderId id, AmendOrder command, CorrelationId correlation) override;
  Task<Result<CancelCounts>> cancel_all(CancelFilter filter, CancelOrder command,
                                        CorrelationId correlation) override;
  Task<AppendAnswer> halt(HaltTrading command, CorrelationId correlation) override;
  Task<AppendAnswer> resume(ResumeTrading command, CorrelationId correlation) override;
  Result<Halts> halts() const override;
  std::optional<Seq> head() const override;
  Task<Result<Seq>> read_position(ReadSource source) override;
  Task<Result<std::optional<Order>>> order(OrderId id, std::optional<Seq> at) override;
  Task<Result<std::optional<OrderAndLegs>>> order_and_legs(OrderId id,
                                                           std::optional<Seq> at) override;
  Task<Result<OrderHistory::Events>> events(EventFilter filter) override;
  Task<Result<Page<Order>>> orders(OrderFilter filter, Seq after_seq) override;
  Task<Result<Page<Order>>> dead_letters(std::uint32_t limit, std::string cursor,
                                         std::string account, Seq after_seq) override;
  Task<Result<DeadLetterCounts>> dead_letter_counts(std::string account, Seq after_seq) override;
  Task<Result<QuoteAnswer>> quote(Token input, Token output, SwapAmount amount,
                                  std::uint32_t slippage_bps) override;

  // Ends the waits for the read model, and waits for the quotes under way. Afterwards none runs.
  // Idempotent.
  Task<void> stop();

 private:
  // Decides on the order's current state and appends at its version. After a conflict with another
  // append it tries again, eight times at most.
  template <class Command>
  Task<ChangeAnswer> change(OrderId id, Command command, CorrelationId correlation);
  Task<AppendAnswer> change_trading(Event event, CorrelationId correlation);
  // `handled`: the executor decides about it or asks its venue.
  struct Current {
    Result<std::optional<Order>> order = std::optional<Order>();
    bool handled = false;
  };
  Task<Current> find_current(OrderId id, LegIndex leg = 0);
  // The order after an append to it, whose last event is `event`. `appended` may be the first
  // answer to its key. `resolved`: the first event is OutcomeResolved.
  Task<ChangeAnswer> changed(Appended appended, EventType event, bool resolved);
  Result<std::optional<Order>> resolved_at(const OrderId& id, Seq seq);  // worker thread
  // The open orders of one shard that match.
  Task<std::vector<OrderId>> open_orders(const ShardOrders& owner, const CancelFilter& filter);
  // The result of `read`, which reads the history as of `at`, on its worker. A gateway waits for
  // its projection first; without `at` it reads at once, and waits when there is no such order.
  template <class T>
  Task<Result<std::optional<T>>> read_order(std::optional<Seq> at,
                                            std::function<Result<std::optional<T>>()> read);
  Task<Result<void>> wait_for_read_model(Seq after_seq);
  std::optional<Error> refuses_writes() const;

  Loop& loop_;
  Clock& clock_;
  Entropy& entropy_;
  Reading reading_;
  ReadModelWait read_model_wait_;
  std::optional<OrderWriting> writing_;
  OrderIdSource ids_;
  std::optional<Quotes> quotes_;  // when it writes
  bool backlogged_ = false;       // requests wait longer than backlogged_wait to be read
};

}  // namespace oee
