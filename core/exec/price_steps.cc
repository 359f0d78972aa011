// The executor's steps of a resting order: wait for a price or a trigger, and go on when a venue
// delivers it.
#include <algorithm>
#include <set>
#include <utility>

#include "core/exec/executor.h"
#include "core/order/slices.h"

namespace oee {
namespace {

// A look costs a request for quotes: at most 256 in 30 s for each venue and pair.
constexpr Micros look_deeper_every{30'000'000};
constexpr std::size_t looked_at_once = 256;

// The reason of OrderRested.
std::string waits_for(const Order& order) {
  const std::string output(order.output.symbol.view());
  if (const auto& trigger = order.type_terms.trigger)
    return "no spot price is " +
           std::string(trigger->when == TriggerWhen::at_or_above ? "at or above "
                                                                 : "at or below ") +
           to_text(trigger->price);
  std::string text =
      "no pool of " + std::string(order.input.symbol.view()) + "/" + output + " is open";
  if (const auto& least = order.type_terms.min_liquidity)
    text += " with " + to_text(*least) + " " + output + " or more";
  return text;
}

}  // namespace

// Until a price has come or more of the order is due, or for a while when a venue did not quote.
void Executor::rest(const Order& order, Actors::iterator actor) {
  if (!running_) return drop(actor);
  if (order.waits_for_trigger()) {
    const OrderId id = order.id;
    watch_expiry(order);
    drop(actor);
    orders_.pack(id);
    if (triggers_.waits(id)) return publish_waiting();
    enqueue(Ready{.id = id, .due = true});  // its trigger has come meanwhile
    return schedule_pump();
  }
  const std::vector<IndexPrice> at = std::exchange(actor->second.act_at, {});
  const WallTime now = log_now();  // a slice that becomes due meanwhile is awaited
  const bool due = amount_due(order, now) > 0;
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
  await_slice(order, now, !due);
  orders_.pack(id);
  arm_deeper();
}

// A twap order sells at once the slices that became due meanwhile.
bool Executor::rest_recovered(const Order& order) {
  const WallTime now = log_now();
  const bool due = amount_due(order, now) > 0;
  if (due && !order.limit_price) {
    enqueue(Ready{.id = order.id, .due = true});
    return false;
  }
  await_slice(order, now, !due);
  orders_.pack(order.id);
  return due;
}

// The order is indexed before its OrderRested is durable: a state that comes meanwhile counts.
Task<Executor::Next> Executor::trigger(OrderId id) {
  const Order& order = *orders_.find(id);
  AppendBuilder builder(order);
  auto event = triggers_.triggered(id);
  if (event && !is_triggered_by(order, *event)) event.reset();  // its trigger was amended since
  if (!event) event = present_trigger(order);
  if (event) {
    triggers_.erase(id);
    builder.add(*event, clock_.now());
  } else {
    triggers_.put(order);
    if (order.phase == Phase::resting) co_return Next::wait;
    builder.add(OrderRested{waits_for(order)}, clock_.now());
  }
  co_return co_await append(std::move(builder));
}

std::optional<OrderTriggered> Executor::present_trigger(const Order& order) const {
  for (const VenueDesk& desk : desks_) {
    // The last prices of a venue that does not answer may have passed.
    const bool answers = desk.breaker_state(VenueMetrics::quote) == CircuitBreaker::State::closed;
    if (desk.halted || !answers) continue;
    for (const PoolPrice& pool : desk.pools)
      for (const PoolSide& side : sides_of(pool))
        if (auto event = trigger_of(order, VenueName(desk.venue.name()), side)) return event;
  }
  return std::nullopt;
}

bool Executor::stop_resting(const OrderId& id) {
  bool found = triggers_.withdraw(id);
  found |= stop_awaiting_slice(id);
  for (VenueDesk& desk : desks_) found |= desk.resting.erase(id);
  return found;
}

void Executor::on_prices(VenueDesk& desk, std::span<const PoolPrice> changed) {
  std::vector<OrderId> passed;
  std::vector<OrderId> triggered;
  for (const PoolPrice& pool : changed) {
    if (pool.a.symbol.view().empty()) continue;  // a number without a pool
    if (pool.pool >= desk.pools.size()) desk.pools.resize(pool.pool + std::size_t{1});
    desk.pools[pool.pool] = pool;
    if (desk.halted) continue;
    for (const PoolSide& side : sides_of(pool)) {
      desk.resting.take(side.pair(), index_price(side.price()), passed);
      triggers_.take(VenueName(desk.venue.name()), side, triggered);
    }
  }
  for (const OrderId& id : triggered) pass(id);
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

void Executor::look_deeper() {
  std::set<OrderId> blocked;
  for (VenueDesk& desk : desks_) {
    for (const Pair& pair : desk.resting.pairs()) {
      const std::optional<IndexPrice> spot = spot_of(desk, pair);
      if (desk.halted || !spot) continue;
      std::vector<OrderId> near;
      const auto look = [&](const PriceIndex::Position& from) {
        return desk.resting.next(pair, from, 2 * *spot, looked_at_once, near);
      };
      const PriceIndex::Position first(*spot, OrderId{});
      PriceIndex::Position& looked = desk.looked[pair];
      auto last = look(std::max(looked, first));
      if (!last) last = look(first);
      looked = last.value_or(first);
      for (const OrderId& id : near) {
        const std::optional<Order> order = orders_.copy_of(id);
        if (order && order->limit_price && index_price(*order->limit_price) <= *spot)
          blocked.insert(id);
      }
    }
  }
  look_again({blocked.begin(), blocked.end()});
}

void Executor::arm_deeper() {
  const auto has_orders = [](const VenueDesk& desk) { return desk.resting.size() > 0; };
  if (!running_ || deeper_timer_ != 0 || std::none_of(desks_.begin(), desks_.end(), has_orders))
    return;
  deeper_timer_ = clock_.call_at(clock_.steady_now() + look_deeper_every, [this] {
    deeper_timer_ = 0;
    look_deeper();
    arm_deeper();
  });
}

void Executor::look_again(const std::vector<OrderId>& orders) {
  for (const OrderId& id : orders) {
    stop_resting(id);
    pass(id);
  }
  schedule_pump();
}

void Executor::pass(const OrderId& id) {
  // An order that is being executed goes on by itself (rest()).
  if (!actors_.contains(id)) passed_.push_back(Ready{.id = id, .due = true});
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
