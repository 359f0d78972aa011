#include "projections/order_tokens.h"

namespace oee {
namespace {

// More than an engine's open orders by default, at ~120 B each: 30 MB. When the cache is full it is
// cleared, and each order then costs one read of the log again.
constexpr std::size_t orders_max = 262'144;

bool has_ended(OrderStatus status) {
  return status == OrderStatus::confirmed || status == OrderStatus::cancelled ||
         status == OrderStatus::expired;
}

}  // namespace

Result<void> OrderTokens::fill(Update& update) {
  if (update.type == EventType::order_accepted) {
    remember(update.order_id, {update.input, update.output, update.account});
    return {};
  }
  if (is_of_engine(update.type)) return {};  // it has none
  OEE_TRY_ASSIGN(Terms terms, look_up(update.order_id, update.type));
  update.input = terms.input;
  update.output = terms.output;
  update.account = std::move(terms.account);
  return {};
}

Result<bool> OrderTokens::is_of(const Record& record, std::string_view account) {
  if (const auto* accepted = std::get_if<OrderAccepted>(&record.event)) {
    remember(record.order_id, {accepted->input.symbol, accepted->output.symbol, accepted->account});
    return accepted->account == account;
  }
  if (record.order_id == engine_stream) return false;
  OEE_TRY_ASSIGN(const Terms terms, look_up(record.order_id, type_of(record.event)));
  return terms.account == account;
}

Result<OrderTokens::Terms> OrderTokens::look_up(const OrderId& id, EventType type) {
  const bool ended = has_ended(status_after(type));
  if (std::optional<Terms> known = find(id, ended)) return *std::move(known);
  OEE_TRY_ASSIGN(const std::vector<Record> records, log_.read_order(id));
  const auto* accepted =
      records.empty() ? nullptr : std::get_if<OrderAccepted>(&records.front().event);
  if (accepted == nullptr)
    return Error{Errc::corrupt, "order " + to_text(id) + " was never accepted"};
  Terms terms{accepted->input.symbol, accepted->output.symbol, accepted->account};
  if (!ended) remember(id, terms);
  return terms;
}

std::optional<OrderTokens::Terms> OrderTokens::find(const OrderId& id, bool last_use) {
  const std::lock_guard lock(mutex_);
  const auto found = cached_.find(id);
  if (found == cached_.end()) return std::nullopt;
  Terms terms = found->second;
  if (last_use) cached_.erase(found);
  return terms;
}

void OrderTokens::remember(const OrderId& id, Terms terms) {
  const std::lock_guard lock(mutex_);
  if (cached_.size() >= orders_max) cached_.clear();
  cached_.insert_or_assign(id, std::move(terms));
}

}  // namespace oee
