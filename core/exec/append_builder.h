// AppendBuilder: collects the events of one order for one append. Each added event is folded into a
// copy of the order, so that the next event is decided on the resulting state. Value; no I/O.
#pragma once

#include <vector>

#include "core/order/order.h"
#include "core/order/slices.h"
#include "core/seams/event_log.h"

namespace oee {

class AppendBuilder {
 public:
  explicit AppendBuilder(const Order& order) : order_(order), base_version_(order.version) {
    events_.reserve(3);  // RoutingStarted, RouteSelected, TransactionBuilt
  }

  // The order's state after the events that were added so far.
  const Order& order() const { return order_; }
  bool empty() const { return events_.empty(); }

  // REQUIRES: the event is legal for order().
  void add(Event event, WallTime now) {
    Record record;
    record.seq = order_.last_seq;
    record.order_id = order_.id;
    record.version = order_.version + 1;
    record.time = now;
    record.event = std::move(event);
    check(evolve(order_, record).ok(), "AppendBuilder: the event is not legal");
    events_.push_back(std::move(record.event));
  }

  // The append, at the version of the order that was passed to the constructor.
  AppendRequest request() && {
    AppendRequest request;
    request.order_id = order_.id;
    request.expected_version = base_version_;
    request.correlation = order_.correlation;
    request.events = std::move(events_);
    if (order_.phase == Phase::building) {
      // By the time of its record, no transaction is built at or after the order's expiry and none
      // before its amount is due. None is built while a halt covers it.
      request.before = order_.expires_at;
      request.not_before = due_at(order_, order_.attempt_in);
      request.account = order_.account;
      request.input = order_.input.symbol;
      request.output = order_.output.symbol;
    }
    return request;
  }

 private:
  Order order_;
  Version base_version_;
  std::vector<Event> events_;
};

}  // namespace oee
