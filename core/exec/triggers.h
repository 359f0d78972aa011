// Triggers: the orders of one shard that wait for a state of a venue's pools, and the state that
// triggered each until it is recorded. A stop order waits for a spot price on one side of its
// trigger price, a sniper order for a pool of its pair that is open with enough liquidity. Any
// pool of any venue triggers them, so one index serves all venues. A pool's change that triggers
// no order costs one comparison an index. About 150 bytes an order. Owned by the executor; loop's
// thread. It is not stored: a start adds the orders again.
#pragma once

#include <array>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/exec/price_index.h"
#include "core/seams/prices.h"

namespace oee {

// One direction of a pool's state: `input` is sold.
struct PoolSide {
  Token input;
  Token output;
  SpotPrice spot;
  Units liquidity = 0;  // of the output, that the pool holds
  std::uint64_t height = 0;

  Pair pair() const { return {input.symbol, output.symbol}; }
  Decimal price() const { return decimal_price(spot, input, output); }
};
std::array<PoolSide, 2> sides_of(const PoolPrice& pool);

// OrderTriggered by this state. Empty: it does not trigger the order. REQUIRES:
// order.waits_for_trigger().
std::optional<OrderTriggered> trigger_of(const Order& order, const VenueName& venue,
                                         const PoolSide& side);

// Whether the order's present terms are those of this event's state.
bool is_triggered_by(const Order& order, const OrderTriggered& event);

class Triggers {
 public:
  // The order waits from now on, or waits for other terms. REQUIRES: order.waits_for_trigger().
  void put(const Order& order);
  bool waits(const OrderId& id) const;
  // The order waits no more; the state that has triggered it is kept. false: it did not wait.
  bool withdraw(const OrderId& id);
  // Forgets the order, and the state that triggered it. false: it did not wait.
  bool erase(const OrderId& id);
  // Takes the orders that this state triggers out of those that wait and appends them to `orders`.
  void take(const VenueName& venue, const PoolSide& side, std::vector<OrderId>& orders);
  // The first state that triggered the order since put(), once. Empty: none has.
  std::optional<OrderTriggered> triggered(const OrderId& id);
  std::size_t size() const;  // orders that wait

 private:
  // Each orders its keys so that a state triggers the orders with keys up to its own.
  enum Kind : std::size_t { at_or_above, at_or_below, open_pool, kind_count };
  struct Place {
    Kind kind;
    IndexPrice key;
  };
  static Place place_of(const Order& order);

  std::array<PriceIndex, kind_count> waiting_;
  std::unordered_map<OrderId, OrderTriggered, IdHash> triggered_;
};

}  // namespace oee
