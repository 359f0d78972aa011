#include "eventlog/audit/risk_checker.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "core/order/command.h"
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

// A number without a zero in front, of 64 bits at most.
bool is_number(std::string_view text) {
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && !text.empty() && text.size() <= 20 && (text.size() == 1 || text[0] != '0') &&
         units_of(text) <= ~std::uint64_t{0};
}

bool is_amount(std::string_view text) {
  std::string digits(text);
  if (const std::size_t point = text.find('.'); point != text.npos) {
    const std::size_t decimals = decimals_of(text);
    if (decimals == 0 || decimals > decimal_scale_max || !is_number(text.substr(0, point)))
      return false;
    digits.erase(point, 1);
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  }
  return is_number(digits);
}

bool is_symbol(std::string_view text) {
  return !text.empty() && text.size() <= Symbol::size_max &&
         text.find_first_of(" ,/\"") == text.npos;
}

// Symbols, or pairs of symbols, in rising order; there may be none.
bool is_list(std::string_view text, bool of_pairs) {
  std::pair<std::string_view, std::string_view> before;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    const std::size_t slash = std::min(item.find('/'), item.size());
    const std::pair symbols(item.substr(0, slash), item.substr(std::min(slash + 1, item.size())));
    if (!is_symbol(symbols.first) || is_symbol(symbols.second) != of_pairs ||
        (slash < item.size()) != of_pairs || symbols <= before)
      return false;
    before = symbols;
    if (item.size() + 1 == text.size()) return false;  // a comma at the end
    text.remove_prefix(std::min(text.size(), item.size() + 1));
  }
  return true;
}

// The names of limits, in the order of the text.
enum class Kind : std::uint8_t { number, amount, tokens, pairs };
constexpr std::pair<std::string_view, Kind> limit_names[] = {
    {"open_orders", Kind::number},   {"orders_per_second", Kind::number},
    {"slippage_bps", Kind::number},  {"price_collar_bps", Kind::number},
    {"largest_order", Kind::amount}, {"open_notional", Kind::amount},
    {"day_notional", Kind::amount},  {"tokens", Kind::tokens},
    {"pairs", Kind::pairs}};

// all < account < each account by its name; then the name of the limit; then its token.
using LinePlace = std::tuple<int, std::string_view, std::ptrdiff_t, std::string_view>;
// Empty: no limit is written so.
std::optional<LinePlace> place_of(std::string_view line) {
  const auto word = [&](char end) {
    const std::string_view text = line.substr(0, line.find(end));
    line.remove_prefix(std::min(line.size(), text.size() + 1));
    return text;
  };
  LinePlace place{};
  auto& [scope, account, name, token] = place;
  const std::string_view scope_word = word(' ');
  scope = scope_word == "all" ? 0 : 1;
  if (scope_word != "all" && scope_word != "account") return std::nullopt;
  if (scope == 1 && line.starts_with('"')) {
    scope = 2;
    word('"');
    account = word('"');
    if (!is_account_name(account) || !word(' ').empty()) return std::nullopt;
  }
  const std::string_view name_word = word(' ');
  const auto* const found = std::find_if(std::begin(limit_names), std::end(limit_names),
                                         [&](const auto& each) { return each.first == name_word; });
  if (found == std::end(limit_names)) return std::nullopt;
  name = found - std::begin(limit_names);
  bool right = false;
  switch (found->second) {
    case Kind::number:
      right = is_number(line);
      break;
    case Kind::amount:
      token = word(' ');
      right = is_symbol(token) && is_amount(line);
      break;
    case Kind::tokens:
    case Kind::pairs:
      right = is_list(line, found->second == Kind::pairs);
      break;
  }
  if (!right) return std::nullopt;
  return place;
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
  const Finding unknown{Invariant::log_record, "its text of limits is not known"};
  constexpr std::string_view first = "oee/risk-limits/2\n";
  if (!text.starts_with(first) || !text.ends_with('\n')) return unknown;
  text.remove_prefix(first.size());
  std::optional<LinePlace> before;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    const auto place = place_of(line);
    if (!place || (before && *place <= *before)) return unknown;
    before = place;
    const auto space = line.rfind(' ');
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
