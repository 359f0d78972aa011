#include "api/stream/streamed_order.h"

#include "core/runtime/sleep.h"

namespace oee {
namespace {

constexpr Micros order_poll{20'000};  // a read model that does not know an order yet

}  // namespace

Task<Result<std::optional<Order>>> find_streamed_order(OrderId id, OrderService& orders,
                                                       StreamHub& hub, Clock& clock,
                                                       std::function<bool()> over) {
  const SteadyTime give_up = clock.steady_now() + hub.options().gap_wait_max;
  for (;;) {
    Result<std::optional<Order>> order = co_await orders.order(id, std::nullopt);
    const Seq position = hub.position();
    if (!order.ok() || *order || position == 0) co_return order;
    if (over() || clock.steady_now() >= give_up) co_return order;
    const Result<StreamHub::HistoryPage> story = co_await hub.past(id, 0, position, 1);
    if (!story.ok()) co_return story.error();
    if (story->updates.empty()) co_return order;
    co_await sleep_for(clock, order_poll);
  }
}

}  // namespace oee
