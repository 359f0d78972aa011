// OpenOrders: one shard's open orders, folded from the log's blocks. The executor decides on this
// state alone. An order enters when it is accepted, requeued or recovered, and leaves when it ends.
// An order that only waits is held packed, in a fifth of its size. Owned by the shard; loop's
// thread. It is not stored: after a crash recover_open_orders() folds it again.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/base/metrics.h"
#include "core/order/order.h"
#include "core/order/order_codec.h"
#include "core/seams/event_log.h"

namespace oee {

class OpenOrders {
 public:
  // Orders with shard_of(id, shards) == shard are this shard's.
  OpenOrders(std::uint32_t shard, std::uint32_t shards) : shard_(shard), shards_(shards) {}

  bool owns(const OrderId& id) const { return shard_of(id, shards_) == shard_; }

  // The open order; nullptr: none. The pointer is valid until the order ends (at the earliest in
  // the next fold) or is packed.
  Order* find(const OrderId& id);
  // A copy of the open order; nothing is unpacked. Empty: none.
  std::optional<Order> copy_of(const OrderId& id) const;
  bool contains(const OrderId& id) const { return orders_.contains(id) || packed_.contains(id); }
  std::size_t size() const { return orders_.size() + packed_.size(); }
  // Packs an order that is not used for a while. find() and apply() unpack it.
  void pack(const OrderId& id);

  // The effect of a record on this shard's orders.
  enum class Change {
    none,      // the order is another shard's, or the record is folded already
    opened,    // a new open order
    advanced,  // the order is still open
    ended,     // the order has ended and is no longer held
    unknown,   // the order is not held (a requeue): fold it from the log, then put() it
  };
  // An order's state before a record.
  struct Before {
    Phase phase = Phase::none;
    Attempt attempt = 0;
    WallTime accepted_at{};
    WallTime updated_at{};
    std::optional<WallTime> expires_at;
  };
  // Folds the record. `before` is set for `advanced` and `ended`. REQUIRES: the record is legal for
  // the order; the log accepts no other.
  Change apply(const Record& record, Before& before);

  // Adds an order that was folded elsewhere (recovery, requeue). Ignored when the same or a newer
  // version is held.
  void put(Order order);

  // The ids of all open orders, unsorted.
  std::vector<OrderId> ids() const;

  // The number of open orders with this status. Any thread.
  std::uint64_t count(OrderStatus status) const {
    return by_status_[static_cast<std::size_t>(status)].get();
  }

 private:
  Count& counted(const Order& order) {
    return by_status_[static_cast<std::size_t>(order.status())];
  }
  const std::uint32_t shard_;
  const std::uint32_t shards_;
  // Each open order is in one of these two maps.
  std::unordered_map<OrderId, Order, IdHash> orders_;
  boost::unordered_flat_map<OrderId, PackedOrder, IdHash> packed_;
  std::array<Count, order_status_count> by_status_;
  Seq folded_ = 0;  // the highest seq that was folded into any order
};

// For the start: every order that is open at the log's durable head, which is returned in `as_of`.
// It folds the hint's ids and the orders accepted or requeued after the hint. Of the log it reads
// the records after the hint, and those of the open orders: each order's own, or all since the
// first of them when most are theirs. So the time that it takes grows with the open orders, not
// with the log. Blocking. corrupt: a record cannot be read or is illegal; other errors are those of
// the log.
Result<std::vector<Order>> recover_open_orders(EventLog& log, Seq* as_of);

}  // namespace oee
