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
  const bool ended = has_ended(update.status());
  std::optional<TokenPair> tokens = find(update.order_id, ended);
  if (!tokens) {
    OEE_TRY_ASSIGN(const std::vector<Record> records, log_.read_order(update.order_id));
    const auto* accepted =
        records.empty() ? nullptr : std::get_if<OrderAccepted>(&records.front().event);
    if (accepted == nullptr)
      return Error{Errc::corrupt, "order " + to_text(update.order_id) + " was never accepted"};
    tokens = TokenPair{accepted->input.symbol, accepted->output.symbol};
    if (!ended) remember(update.order_id, *tokens);
  }
  update.input = tokens->input;
  update.output = tokens->output;
  return {};
}

std::optional<OrderTokens::TokenPair> OrderTokens::find(const OrderId& id, bool last_use) {
  const std::lock_guard lock(mutex_);
  const auto found = cached_.find(id);
  if (found == cached_.end()) return std::nullopt;
  const TokenPair tokens = found->second;
  if (last_use) cached_.erase(found);
  return tokens;
}

void OrderTokens::remember(const OrderId& id, const TokenPair& tokens) {
  const std::lock_guard lock(mutex_);
  if (cached_.size() >= orders_max) cached_.clear();
  cached_.insert_or_assign(id, tokens);
}

}  // namespace oee
