#include "projections/order_tokens.h"

namespace oee {
namespace {

// More than an engine's open orders by default, at ~80 B each: 20 MB. When the cache is full it is
// cleared, and each order then costs one read of the log again.
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
  auto found = cached_.find(update.order_id);
  if (found == cached_.end()) {
    OEE_TRY_ASSIGN(const std::vector<Record> records, log_.read_order(update.order_id));
    const auto* accepted =
        records.empty() ? nullptr : std::get_if<OrderAccepted>(&records.front().event);
    if (accepted == nullptr)
      return Error{Errc::corrupt, "order " + to_text(update.order_id) + " was never accepted"};
    found = remember(update.order_id, {accepted->input.symbol, accepted->output.symbol});
  }
  update.input = found->second.input;
  update.output = found->second.output;
  if (has_ended(update.status())) cached_.erase(found);
  return {};
}

OrderTokens::TokenPairs::iterator OrderTokens::remember(const OrderId& id,
                                                        const TokenPair& tokens) {
  if (cached_.size() >= orders_max) cached_.clear();
  return cached_.insert_or_assign(id, tokens).first;
}

}  // namespace oee
