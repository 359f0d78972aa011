#include "tests/sim/risk_side.h"

#include <algorithm>

#include "core/order/lifecycle.h"
#include "core/order/token_registry.h"
#include "tests/sim/plan/registry.h"

namespace oee::sim {
namespace {

constexpr std::uint64_t reload_every = 1'500;  // steps, on average
constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t day_us = 86'400 * second_us;

}  // namespace

RiskSide::RiskSide(const Plan& plan) : active_(plan.risk_limits), dice_(plan.seed ^ 0x7'215C) {
  if (active_) limits_ = draw();
}

RiskLimits RiskSide::draw() {
  LimitSet all = draw_set();
  LimitSet account = draw_set();
  return RiskLimits{std::move(all), std::move(account), {}};
}

LimitSet RiskSide::draw_set() {
  LimitSet set;
  const auto one_of = [this](std::uint64_t most) { return 1 + dice_.below(most); };
  if (dice_.chance(400)) set.open_orders = one_of(6);
  if (dice_.chance(200)) set.orders_per_second = one_of(3);
  if (dice_.chance(100)) set.slippage_bps = 100;
  const auto add = [](std::vector<TokenLimit>& limits, const TokenInfo& token, std::uint64_t usd) {
    limits.push_back({token.token, *units_worth(usd, token)});
  };
  for (const TokenInfo& token : sim_tokens().tokens()) {
    if (dice_.chance(100)) add(set.largest_order, token, one_of(500));
    if (dice_.chance(200)) add(set.open_notional, token, one_of(1'500));
    if (dice_.chance(200)) add(set.day_notional, token, one_of(3'000));
    if (set.tokens || !dice_.chance(50)) continue;
    set.tokens.emplace();
    for (const TokenInfo& other : sim_tokens().tokens())
      if (&other != &token) set.tokens->push_back(other.token.symbol);
    std::sort(set.tokens->begin(), set.tokens->end());
  }
  for (const AmountLimitRow& row : amount_limits)
    std::sort(
        (set.*row.member).begin(), (set.*row.member).end(),
        [](const TokenLimit& a, const TokenLimit& b) { return a.token.symbol < b.token.symbol; });
  return set;
}

bool RiskSide::reload() {
  if (!active_ || dice_.below(reload_every) != 0) return false;
  limits_ = draw();
  return true;
}

void RiskSide::take(const RecordView& record, Coverage& coverage) {
  if (!active_) return;
  if (!counted_.empty() && time_us_ / day_us < record.time_us / day_us)
    coverage.hit(Point::risk_day_ended);
  time_us_ = record.time_us;
  if (record.order_id != engine_stream) count(record);
}

void RiskSide::count(const RecordView& record) {
  Known& order = orders_[record.order_id];
  switch (record.type) {
    case EventType::order_accepted:
      order = {std::string(record.account), std::string(record.input_token), record.amount_in.units,
               0, true};
      counted_.push_back({record.time_us, &order, order.amount, true});
      return;
    case EventType::dead_letter_requeued:
      order.open = true;
      return;
    case EventType::order_amended: {
      const U128 before = order.amount;
      if (record.amended.amount_in) order.amount = record.amended.amount_in->units;
      if (order.amount > before)
        counted_.push_back({record.time_us, &order, order.amount - before, false});
      return;
    }
    case EventType::order_partially_filled:
      order.filled += record.amount_in.units;
      return;
    default:
      order.open = is_open(transition_of(record.type).after);
  }
}

RiskSide::Sums RiskSide::sums(const std::string& account, std::int64_t time_us) const {
  Sums sums;
  for (const auto& [id, order] : orders_) {
    if (!order.open || (!account.empty() && order.account != account)) continue;
    ++sums.open_orders;
    sums.open[order.input] += order.amount - order.filled;
  }
  for (const Counted& counted : counted_) {
    if (!account.empty() && counted.order->account != account) continue;
    if (counted.time_us / day_us == time_us / day_us)
      sums.today[counted.order->input] += counted.amount;
    if (counted.accepted && counted.time_us / second_us == time_us / second_us) ++sums.in_second;
  }
  return sums;
}

std::string RiskSide::difference(WallTime now) const {
  if (!active_) return {};
  const std::int64_t time_us = std::max<std::int64_t>(time_us_, now.time_since_epoch().count());
  const std::string account = orders_.empty() ? "default" : orders_.begin()->second.account;
  std::map<std::string, std::string> shown;
  for (const RiskRow& row : control_.view(account, now).rows)
    if (row.use != "0" && !row.use.empty())
      shown[std::string(row.scope) + "." + std::string(row.name) + "." + row.token] = row.use;
  std::map<std::string, std::string> expected;
  for (const std::string scope : {"account", "all"}) {
    const Sums of = sums(scope == "all" ? std::string() : account, time_us);
    if (of.open_orders > 0) expected[scope + ".open_orders."] = std::to_string(of.open_orders);
    if (of.in_second > 0) expected[scope + ".orders_per_second."] = std::to_string(of.in_second);
    for (const auto& [name, units] :
         {std::pair("open_notional", &of.open), std::pair("day_notional", &of.today)})
      for (const auto& [token, sum] : *units)
        if (sum > 0)
          expected[scope + "." + name + "." + token] =
              to_text(Decimal{static_cast<Units>(sum), sim_tokens().find(token)->token.decimals});
  }
  for (const auto& [name, use] : expected)
    if (shown[name] != use) return name + " is " + use + ", and the engine shows " + shown[name];
  if (shown.size() > expected.size()) return "the engine shows more than there is";
  return {};
}

}  // namespace oee::sim
