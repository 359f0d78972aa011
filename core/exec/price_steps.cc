// The executor's steps of a resting order: wait for a price, and go on when a venue delivers it.
#include <algorithm>
#include <utility>

#include "core/exec/executor.h"

namespace oee {

// Until the price has come, or for a while when the venues did not quote.
void Executor::rest(const Order& order, Actors::iterator actor) {
  if (!running_) return drop(actor);
  const std::optional<IndexPrice> at = std::exchange(actor->second.act_at, std::nullopt);
  if (!at) return wait(order, actor->second, actor->second.quote_wait);
  const OrderId id = order.id;
  watch_expiry(order);
  drop(actor);
  const std::optional<IndexPrice> spot = spot_of(pair_of(order));
  if (spot && *spot >= *at) {  // it has come meanwhile
    enqueue(Ready{.id = id, .due = true});
    return schedule_pump();
  }
  resting_.put(id, pair_of(order), *at);
  orders_.pack(id);
}

void Executor::on_prices(VenueDesk& desk, std::span<const PoolPrice> changed) {
  std::vector<OrderId> passed;
  const auto take = [&](const Token& input, const Token& output, const SpotPrice& spot) {
    resting_.take({input.symbol, output.symbol}, index_price(decimal_price(spot, input, output)),
                  passed);
  };
  for (const PoolPrice& pool : changed) {
    if (pool.pool >= desk.pools.size()) desk.pools.resize(pool.pool + std::size_t{1});
    desk.pools[pool.pool] = pool;
    take(pool.a, pool.b, pool.sell_a);
    take(pool.b, pool.a, pool.sell_b);
  }
  for (const OrderId& id : passed) enqueue(Ready{.id = id, .due = true});
  schedule_pump();
}

std::optional<IndexPrice> Executor::spot_of(const Pair& pair) const {
  std::optional<IndexPrice> best;
  const auto look = [&](const Token& input, const Token& output, const SpotPrice& spot) {
    if (input.symbol != pair.input || output.symbol != pair.output) return;
    best = std::max(best.value_or(0), index_price(decimal_price(spot, input, output)));
  };
  for (const VenueDesk& desk : desks_) {
    for (const PoolPrice& pool : desk.pools) {
      look(pool.a, pool.b, pool.sell_a);
      look(pool.b, pool.a, pool.sell_b);
    }
  }
  return best;
}

}  // namespace oee
