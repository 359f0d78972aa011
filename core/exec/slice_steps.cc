// The executor's steps of a twap order between its slices: wait until more of it is due. One timer
// serves all orders.
#include "core/exec/executor.h"
#include "core/order/slices.h"

namespace oee {

void Executor::await_slice(const Order& order, WallTime now, bool only) {
  stop_awaiting_slice(order.id);
  const std::optional<WallTime> at = more_due_at(order, now);
  if (!at) return;
  slices_.emplace(*at, order.id);
  slice_waits_.emplace(order.id, SliceWait{*at, only});
  resting_for_slices_ += only ? 1 : 0;
  publish_waiting();
  arm_slices();
}

bool Executor::stop_awaiting_slice(const OrderId& id) {
  const auto found = slice_waits_.find(id);
  if (found == slice_waits_.end()) return false;
  slices_.erase({found->second.at, id});
  resting_for_slices_ -= found->second.only ? 1 : 0;
  slice_waits_.erase(found);
  return true;
}

void Executor::arm_slices() {
  if (running_ && !slices_.empty())
    arm(slice_timer_, slices_.begin()->first, &Executor::take_due_slices);
}

void Executor::take_due_slices() {
  const WallTime now = log_now();
  std::vector<OrderId> due;
  for (auto at = slices_.begin(); at != slices_.end() && at->first <= now; ++at)
    due.push_back(at->second);
  look_again(due);
  arm_slices();
}

}  // namespace oee
