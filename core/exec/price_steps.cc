// The executor's steps of a resting order: wait for a price, and go on when a venue delivers it.
#include <algorithm>
#include <utility>

#include "core/exec/executor.h"
#include "core/order/slices.h"

namespace oee {

// Until a price has come or more of the order is due, or for a while when a venue did not quote.
void Executor::rest(const Order& order, Actors::iterator actor) {
  if (!running_) return drop(actor);
  const std::vector<IndexPrice> at = std::exchange(actor->second.act_at, {});
  const bool due = amount_due(order, log_now()) > 0;
  if (due && at.empty()) return wait(order, actor->second, actor->second.quote_wait);
  const OrderId id = order.id;
  const Pair pair = pair_of(order);
  watch_expiry(order);
  drop(actor);
  for (std::size_t i = 0; due && i < desks_.size(); ++i) {
    const std::optional<IndexPrice> spot = spot_of(desks_[i], pair);
    if (desks_[i].halted || !spot || *spot < at[i]) continue;  // else it has come meanwhile
    enqueue(Ready{.id = id, .due = true});
    return schedule_pump();
  }
  for (std::size_t i = 0; due && i < desks_.size(); ++i) desks_[i].resting.put(id, pair, at[i]);
  await_slice(order, !due);
  orders_.pack(id);
}

// A twap order sells at once the slices that became due meanwhile.
bool Executor::rest_recovered(const Order& order) {
  const bool due = amount_due(order, log_now()) > 0;
  if (due && !order.limit_price) {
    enqueue(Ready{.id = order.id, .due = true});
    return false;
  }
  await_slice(order, !due);
  orders_.pack(order.id);
  return due;
}

bool Executor::stop_resting(const OrderId& id) {
  bool found = stop_awaiting_slice(id);
  for (VenueDesk& desk : desks_) found |= desk.resting.erase(id);
  return found;
}

void Executor::on_prices(VenueDesk& desk, std::span<const PoolPrice> changed) {
  std::vector<OrderId> passed;
  const auto take = [&](const Token& input, const Token& output, const SpotPrice& spot) {
    desk.resting.take({input.symbol, output.symbol},
                      index_price(decimal_price(spot, input, output)), passed);
  };
  for (const PoolPrice& pool : changed) {
    if (pool.a.symbol.view().empty()) continue;  // a number without a pool
    if (pool.pool >= desk.pools.size()) desk.pools.resize(pool.pool + std::size_t{1});
    desk.pools[pool.pool] = pool;
    if (desk.halted) continue;
    take(pool.a, pool.b, pool.sell_a);
    take(pool.b, pool.a, pool.sell_b);
  }
  look_again(passed);
}

void Executor::ask_unpriced() {
  if (desks_.empty()) return;
  for (const Pair& pair : desks_.front().resting.pairs()) {
    const auto priced = [&](const VenueDesk& desk) { return spot_of(desk, pair).has_value(); };
    if (std::any_of(desks_.begin(), desks_.end(), priced)) continue;
    std::vector<OrderId> orders;
    desks_.front().resting.take(pair, ~IndexPrice{0}, orders);
    look_again(orders);
  }
}

void Executor::look_again(const std::vector<OrderId>& orders) {
  for (const OrderId& id : orders) {
    stop_resting(id);
    enqueue(Ready{.id = id, .due = true});
  }
  schedule_pump();
}

std::optional<IndexPrice> Executor::spot_of(const VenueDesk& desk, const Pair& pair) {
  std::optional<IndexPrice> best;
  const auto look = [&](const Token& input, const Token& output, const SpotPrice& spot) {
    if (input.symbol != pair.input || output.symbol != pair.output) return;
    best = std::max(best.value_or(0), index_price(decimal_price(spot, input, output)));
  };
  for (const PoolPrice& pool : desk.pools) {
    look(pool.a, pool.b, pool.sell_a);
    look(pool.b, pool.a, pool.sell_b);
  }
  return best;
}

}  // namespace oee
