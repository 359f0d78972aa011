#include "api/stream/streamed_order.h"

#include "core/runtime/sleep.h"

namespace oee {
namespace {

constexpr Micros order_poll{20'000};  // between two reads of a read model that lags

}  // namespace

Task<Result<std::optional<Order>>> find_streamed_order(OrderId id, OrderService& orders,
                                                       StreamHub& hub, Clock& clock,
                                                       std::uint64_t client,
                                                       std::string only_account,
                                                       std::function<bool()> over) {
  if (id == engine_stream) co_return std::optional<Order>();
  const HistoryUse use{.client = client, .tokens = false};
  const SteadyTime give_up = clock.steady_now() + hub.options().gap_wait_max;
  for (;;) {
    Result<std::optional<Order>> order = co_await orders.order(id, std::nullopt);
    const Seq position = hub.position();
    if (order.ok() && *order && !only_account.empty() && (*order)->account != only_account)
      co_return std::optional<Order>();
    if (!order.ok() || *order || position == 0) co_return order;
    if (over() || clock.steady_now() >= give_up) co_return order;
    const Result<StreamHub::HistoryPage> history = co_await hub.history(id, 0, position, 1, use);
    if (!history.ok()) co_return history.error();
    if (history->updates.empty()) co_return order;
    co_await sleep_for(clock, order_poll);
  }
}

}  // namespace oee
