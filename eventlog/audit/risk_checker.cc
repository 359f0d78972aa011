#include "eventlog/audit/risk_checker.h"

#include <algorithm>

#include "core/order/lifecycle.h"

namespace oee {
namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t day_us = 86'400 * second_us;

std::string text_of(U128 value) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value > 0);
  return {digits.rbegin(), digits.rend()};
}

// The digits of a limit without its point. It has 20 digits at most.
U128 units_of(std::string_view text) {
  U128 units = 0;
  for (const char digit : text)
    if (digit != '.') units = units * 10 + static_cast<U128>(digit - '0');
  return units;
}

std::size_t decimals_of(std::string_view text) {
  const auto point = text.find('.');
  return point == text.npos ? 0 : text.size() - point - 1;
}

bool lists(std::string_view list, std::string_view item) {
  const std::string inside = "," + std::string(list) + ",";
  return inside.find("," + std::string(item) + ",") != inside.npos;
}

U128 sum_of(const std::map<std::string, U128, std::less<>>& sums, const std::string& token) {
  const auto found = sums.find(token);
  return found == sums.end() ? 0 : found->second;
}

}  // namespace

std::optional<Finding> RiskChecker::take(const RecordView& record) {
  const std::int64_t day = record.time_us / day_us;
  if (day > day_) begin_day();
  day_ = std::max(day, day_);
  if (record.type == EventType::risk_limits_changed) return change_limits(record.risk_limits);
  if (record.order_id == engine_stream) return std::nullopt;
  const Added added = fold(record);
  const bool limited = record.type == EventType::order_accepted ||
                       record.type == EventType::order_amended ||
                       record.type == EventType::dead_letter_requeued;
  std::string beyond;
  if (limited && !limits_.empty()) {
    const Order& order = orders_[record.order_id];
    beyond = broken(order.account, order, added, accounts_[order.account]);
    if (beyond.empty()) beyond = broken({}, order, added, all_);
  }
  if (is_final(transition_of(record.type).after)) orders_.erase(record.order_id);
  if (beyond.empty()) return std::nullopt;
  return Finding{Invariant::risk_limits, "it is beyond " + beyond};
}

std::optional<Finding> RiskChecker::change_limits(std::string_view text) {
  limits_.clear();
  constexpr std::string_view first = "oee/risk-limits/2\n";
  if (!text.starts_with(first) || !text.ends_with('\n'))
    return Finding{Invariant::log_record, "its text of limits is not known"};
  text.remove_prefix(first.size());
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    const auto space = line.rfind(' ');
    if (space == line.npos)
      return Finding{Invariant::log_record, "its text of limits is not known"};
    limits_.emplace(line.substr(0, space), line.substr(space + 1));
  }
  return std::nullopt;
}

RiskChecker::Added RiskChecker::fold(const RecordView& record) {
  Order& order = orders_[record.order_id];
  Added added;
  switch (record.type) {
    case EventType::order_accepted:
      order.account = record.account;
      order.input = std::string(record.input_token) + "/" + std::to_string(record.input_decimals);
      order.pair = std::string(record.input_token) + "/" + std::string(record.output_token);
      order.slippage_bps = record.slippage_bps;
      order.amount = record.amount_in.units;
      added = {.opens = true, .accepts = true, .open = order.amount, .today = order.amount};
      break;
    case EventType::dead_letter_requeued:
      added = {.opens = true, .open = order.amount - order.filled};
      break;
    case EventType::order_amended: {
      const U128 before = order.amount;
      if (record.amended.amount_in) order.amount = record.amended.amount_in->units;
      if (record.amended.slippage_bps) order.slippage_bps = *record.amended.slippage_bps;
      if (order.amount > before) added.open = added.today = order.amount - before;
      if (order.amount < before)
        in_both(order.account, [&](Use& use) { use.open[order.input] -= before - order.amount; });
      break;
    }
    case EventType::order_partially_filled:
      order.filled += record.amount_in.units;
      in_both(order.account, [&](Use& use) { use.open[order.input] -= record.amount_in.units; });
      return added;
    default:
      if (!is_open(transition_of(record.type).after)) close(order);
      return added;
  }
  if (added.opens) order.open = true;
  const std::int64_t second = record.time_us / second_us;
  in_both(order.account, [&](Use& use) {
    if (added.opens) ++use.open_orders;
    if (added.open > 0) use.open[order.input] += added.open;
    if (added.today > 0) use.today[order.input] += added.today;
    if (!added.accepts) return;
    if (use.second != second) use.in_second = 0;
    use.second = second;
    ++use.in_second;
  });
  return added;
}

void RiskChecker::close(Order& order) {
  if (!order.open) return;
  order.open = false;
  in_both(order.account, [&](Use& use) {
    --use.open_orders;
    use.open[order.input] -= order.amount - order.filled;
  });
}

void RiskChecker::begin_day() {
  all_.today.clear();
  for (auto& [name, use] : accounts_) use.today.clear();
}

std::optional<std::string_view> RiskChecker::limit(std::string_view account,
                                                   std::string_view name) const {
  const std::string line = " " + std::string(name);
  auto found = limits_.end();
  if (account.empty()) {
    found = limits_.find("all" + line);
  } else {
    found = limits_.find("account \"" + std::string(account) + "\"" + line);
    if (found == limits_.end()) found = limits_.find("account" + line);
  }
  if (found == limits_.end()) return std::nullopt;
  return found->second;
}

std::string RiskChecker::broken(std::string_view account, const Order& order, const Added& added,
                                const Use& use) const {
  const auto slash = order.input.find('/');
  const std::string symbol = order.input.substr(0, slash);
  const std::string scope = account.empty() ? "all." : "account.";
  const auto beyond = [&](const std::string& name, U128 value) -> std::string {
    const auto most = limit(account, name);
    if (!most || value <= units_of(*most)) return {};
    return scope + name + ": limit " + std::string(*most) + ", value " + text_of(value);
  };
  // The limit of another token with the same symbol is none.
  const auto amount = [&](const std::string& name, U128 value) -> std::string {
    const auto most = limit(account, name + " " + symbol);
    if (!most || std::to_string(decimals_of(*most)) != order.input.substr(slash + 1)) return {};
    return beyond(name + " " + symbol, value);
  };
  const std::string output = order.pair.substr(order.pair.find('/') + 1);
  const auto tokens = limit(account, "tokens");
  if (tokens && !(lists(*tokens, symbol) && lists(*tokens, output)))
    return scope + "tokens: " + std::string(*tokens);
  const auto pairs = limit(account, "pairs");
  if (pairs && !lists(*pairs, order.pair)) return scope + "pairs: " + std::string(*pairs);
  for (const std::string& text :
       {amount("largest_order", order.amount), beyond("slippage_bps", order.slippage_bps),
        added.opens ? beyond("open_orders", use.open_orders) : "",
        added.accepts ? beyond("orders_per_second", use.in_second) : "",
        added.open > 0 ? amount("open_notional", sum_of(use.open, order.input)) : "",
        added.today > 0 ? amount("day_notional", sum_of(use.today, order.input)) : ""})
    if (!text.empty()) return text;
  return {};
}

}  // namespace oee
