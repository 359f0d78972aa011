// PriceIndex: the resting orders of one shard, by the spot price at which each could first act at
// one venue. A price that no order has reached costs one comparison. About 150 bytes an order.
// Owned by the executor; loop's thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/decimal.h"
#include "core/order/order.h"

namespace oee {

// The tokens of a trade: `input` is sold for `output`.
struct Pair {
  Symbol input;
  Symbol output;
  friend bool operator==(const Pair&, const Pair&) = default;
};
inline Pair pair_of(const Order& order) {
  return {order.input.symbol, order.output.symbol};
}
struct PairHash {
  std::size_t operator()(const Pair& pair) const;
};

// A price, output per input, at scale 18.
using IndexPrice = U128;
IndexPrice index_price(Decimal price);

// The spot price at which an order with this limit can act, when `average` was the price of its
// whole amount at `spot`: fees and price impact take as large a part of a higher price, or a larger
// one, unless the pool gets deeper. It is above `spot` and not below the limit.
IndexPrice act_at(IndexPrice limit, IndexPrice average, IndexPrice spot);

class PriceIndex {
 public:
  // Adds the order, or moves it to another price.
  void put(const OrderId& id, const Pair& pair, IndexPrice act_at);
  // false: the order is not here.
  bool erase(const OrderId& id);
  bool contains(const OrderId& id) const { return places_.contains(id); }
  // Removes the orders that could act at this spot price and appends them to `orders`, the lowest
  // price first.
  void take(const Pair& pair, IndexPrice spot, std::vector<OrderId>& orders);
  // Appends the next orders after `from`, `count` at most, whose price is not above `most`. They
  // stay here. Returns the place of the last one; empty: there is none.
  using Position = std::pair<IndexPrice, OrderId>;
  std::optional<Position> next(const Pair& pair, const Position& from, IndexPrice most,
                               std::size_t count, std::vector<OrderId>& orders) const;
  // Those that have or had orders here.
  std::vector<Pair> pairs() const;
  std::size_t size() const { return places_.size(); }

 private:
  using Waiting = std::set<Position>;
  struct Place {
    Waiting* waiting;
    IndexPrice price;
  };

  // The sets are never removed: there are as many as traded pairs.
  std::unordered_map<Pair, Waiting, PairHash> pairs_;
  boost::unordered_flat_map<OrderId, Place, IdHash> places_;
};

}  // namespace oee
