#include "tools/order_load/order_tracker.h"

namespace oee::load {

bool is_final(std::string_view status) {
  return status == "confirmed" || status == "failed" || status == "cancelled" ||
         status == "expired";
}

OrderTracker::Added OrderTracker::add(const OrderId& id, Clock::time_point due,
                                      Clock::time_point now) {
  const auto [order, fresh] = orders_.emplace(id, OrderState{due});
  Added added;
  added.fresh = fresh;
  if (const auto early = early_ends_.find(id); early != early_ends_.end()) {
    order->second.seen_on_stream = true;
    end(order->second, early->second, now);
    early_ends_.erase(early);
    added.ended = true;
  }
  return added;
}

OrderTracker::StreamEnd OrderTracker::end_on_stream(const OrderId& id, std::string_view status,
                                                    Clock::time_point now) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return StreamEnd::unknown;
  OrderState& state = found->second;
  if (state.seen_on_stream) return StreamEnd::repeated;
  state.seen_on_stream = true;
  if (state.ended) {
    --ended_unseen_;
    return StreamEnd::known;
  }
  end(state, status, now);
  return StreamEnd::ended;
}

bool OrderTracker::end_by_lookup(const OrderId& id, std::string_view status,
                                 Clock::time_point now) {
  OrderState& state = orders_.at(id);
  if (state.ended) return false;
  end(state, status, now);
  return true;
}

void OrderTracker::end(OrderState& state, std::string_view status, Clock::time_point now) {
  state.ended = true;
  ++ended_;
  ++results_.outcomes[std::string(status)];
  if (state.seen_on_stream) {
    results_.end.record(now - state.due);
  } else {
    ++ended_unseen_;
  }
}

std::vector<OrderId> OrderTracker::open_orders() const {
  std::vector<OrderId> open;
  for (const auto& [id, state] : orders_) {
    if (!state.ended) open.push_back(id);
  }
  return open;
}

}  // namespace oee::load
