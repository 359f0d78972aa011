#include "core/exec/triggers.h"

namespace oee {
namespace {

// A lower price reaches more of the orders that wait for one at or below theirs.
IndexPrice falling(IndexPrice price) {
  return ~price;
}

// The scale of a liquidity is that of the output's units.
Decimal liquidity_of(const PoolSide& side) {
  return {side.liquidity, side.output.decimals};
}

}  // namespace

std::array<PoolSide, 2> sides_of(const PoolPrice& pool) {
  return {PoolSide{pool.a, pool.b, pool.sell_a, pool.amount_b, pool.height},
          PoolSide{pool.b, pool.a, pool.sell_b, pool.amount_a, pool.height}};
}

std::optional<OrderTriggered> trigger_of(const Order& order, const VenueName& venue,
                                         const PoolSide& side) {
  if (side.pair() != pair_of(order) || side.spot.out == 0) return std::nullopt;
  OrderTriggered event{venue, side.price(), side.height, std::nullopt};
  if (!order.type_terms.trigger) event.liquidity = liquidity_of(side);
  if (!is_triggered_by(order, event)) return std::nullopt;
  return event;
}

bool is_triggered_by(const Order& order, const OrderTriggered& event) {
  const auto& trigger = order.type_terms.trigger;
  if (!trigger) {
    const Decimal least = order.type_terms.min_liquidity.value_or(Decimal{});
    return index_price(event.liquidity.value_or(Decimal{})) >= index_price(least);
  }
  const IndexPrice spot = index_price(event.price);
  const IndexPrice price = index_price(trigger->price);
  return trigger->when == TriggerWhen::at_or_above ? spot >= price : spot <= price;
}

Triggers::Place Triggers::place_of(const Order& order) {
  const auto& trigger = order.type_terms.trigger;
  if (!trigger) return {open_pool, index_price(order.type_terms.min_liquidity.value_or(Decimal{}))};
  const IndexPrice price = index_price(trigger->price);
  if (trigger->when == TriggerWhen::at_or_above) return {at_or_above, price};
  return {at_or_below, falling(price)};
}

void Triggers::put(const Order& order) {
  erase(order.id);
  const Place place = place_of(order);
  waiting_[place.kind].put(order.id, pair_of(order), place.key);
}

bool Triggers::withdraw(const OrderId& id) {
  bool found = false;
  for (PriceIndex& index : waiting_) found |= index.erase(id);
  return found;
}

bool Triggers::erase(const OrderId& id) {
  triggered_.erase(id);
  return withdraw(id);
}

bool Triggers::waits(const OrderId& id) const {
  for (const PriceIndex& index : waiting_)
    if (index.contains(id)) return true;
  return false;
}

void Triggers::take(const VenueName& venue, const PoolSide& side, std::vector<OrderId>& orders) {
  if (size() == 0 || side.spot.out == 0) return;
  const std::size_t before = orders.size();
  const OrderTriggered event{venue, side.price(), side.height, std::nullopt};
  const IndexPrice spot = index_price(event.price);
  waiting_[at_or_above].take(side.pair(), spot, orders);
  waiting_[at_or_below].take(side.pair(), falling(spot), orders);
  for (std::size_t i = before; i < orders.size(); ++i) triggered_[orders[i]] = event;
  const std::size_t stops = orders.size();
  waiting_[open_pool].take(side.pair(), index_price(liquidity_of(side)), orders);
  for (std::size_t i = stops; i < orders.size(); ++i) {
    OrderTriggered& opened = triggered_[orders[i]] = event;
    opened.liquidity = liquidity_of(side);
  }
}

std::optional<OrderTriggered> Triggers::triggered(const OrderId& id) {
  const auto found = triggered_.find(id);
  if (found == triggered_.end()) return std::nullopt;
  const OrderTriggered event = found->second;
  triggered_.erase(found);
  return event;
}

std::size_t Triggers::size() const {
  std::size_t sum = 0;
  for (const PriceIndex& index : waiting_) sum += index.size();
  return sum;
}

}  // namespace oee
