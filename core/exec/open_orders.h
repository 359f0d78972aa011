// OpenOrders: one shard's open orders, folded from the log's blocks; the only state the executor
// decides on. An order enters when it is accepted, requeued or recovered, and leaves when it ends.
// What only waits is held packed, a fifth of its size. Loop's thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
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

  // The open order, or nullptr. The pointer lives until the order ends (the next fold) or is
  // packed.
  Order* find(const OrderId& id);
  std::size_t size() const { return orders_.size() + packed_.size(); }
  // The order will not be looked at for a while. find() and apply() take it out again.
  void pack(const OrderId& id);

  // What a record did to this shard's orders.
  enum class Change {
    none,      // not this shard's, or already folded
    opened,    // a new open order
    advanced,  // still open
    ended,     // it left
    unknown,  // an event of an order that is not held (a requeue): fold it from the log, then put()
  };
  // An order as it stood before a record.
  struct Before {
    Phase phase = Phase::none;
    Attempt attempt = 0;
    WallTime accepted_at{};
    WallTime updated_at{};
  };
  // check() fails when the record is illegal for a held order: the log would not have taken it.
  // `before` is set for `advanced` and `ended`.
  Change apply(const Record& record, Before& before);

  // An order folded elsewhere (recovery, requeue). Older than what is held: ignored.
  void put(Order order);

  // Ids of all open orders, in no order.
  std::vector<OrderId> ids() const;

  // How many have this status now. Any thread.
  std::uint64_t count(OrderStatus status) const {
    return by_status_[static_cast<std::size_t>(status)].get();
  }

 private:
  Count& counted(const Order& order) {
    return by_status_[static_cast<std::size_t>(order.status())];
  }
  const std::uint32_t shard_;
  const std::uint32_t shards_;
  // Each open order is in one of the two.
  std::unordered_map<OrderId, Order, IdHash> orders_;
  boost::unordered_flat_map<OrderId, PackedOrder, IdHash> packed_;
  std::array<Count, order_status_count> by_status_;
  Seq folded_ = 0;  // no order that is held has seen a later record
};

// Folds an order's records. Empty: no records. An illegal record is `corrupt`.
Result<std::optional<Order>> fold_order(const std::vector<Record>& records);

// Start-up: every order that is open at the log's durable end: the hint's ids and those accepted or
// requeued after it, each folded from its own records. Blocking. Never reads the whole log (but for
// the stretch after the hint). Returns the durable end that the orders are as of in `as_of`.
Result<std::vector<Order>> recover_open_orders(EventLog& log, Seq* as_of);

}  // namespace oee
