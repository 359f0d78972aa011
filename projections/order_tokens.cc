#include "projections/order_tokens.h"

namespace oee {
namespace {

// More open orders than an engine holds by default, at ~80 B: 20 MB. Beyond, all are forgotten and
// each costs one read of the log again.
constexpr std::size_t orders_max = 262'144;

bool has_ended(OrderStatus status) {
  return status == OrderStatus::confirmed || status == OrderStatus::cancelled ||
         status == OrderStatus::expired;
}

}  // namespace

Result<void> OrderTokens::fill(Update& update) {
  if (update.type == EventType::order_accepted) {
    remember(update.order_id, {update.input, update.output});
    return {};
  }
  auto found = swaps_.find(update.order_id);
  if (found == swaps_.end()) {
    OEE_TRY_ASSIGN(const std::vector<Record> records, log_.read_order(update.order_id));
    const auto* accepted =
        records.empty() ? nullptr : std::get_if<OrderAccepted>(&records.front().event);
    if (accepted == nullptr)
      return Error{Errc::corrupt, "order " + to_text(update.order_id) + " was never accepted"};
    found = remember(update.order_id, {accepted->input.symbol, accepted->output.symbol});
  }
  update.input = found->second.input;
  update.output = found->second.output;
  if (has_ended(update.status())) swaps_.erase(found);
  return {};
}

OrderTokens::TokenPairs::iterator OrderTokens::remember(const OrderId& id, const TokenPair& swap) {
  if (swaps_.size() >= orders_max) swaps_.clear();
  return swaps_.insert_or_assign(id, swap).first;
}

}  // namespace oee
