#include "core/risk/use.h"

#include <algorithm>

namespace oee {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;

bool before(const Token& a, const Token& b) {
  if (a.symbol == b.symbol) return a.decimals < b.decimals;
  return a.symbol < b.symbol;
}

std::vector<TokenUse>::iterator place_of(std::vector<TokenUse>& tokens, const Token& token) {
  return std::find_if(tokens.begin(), tokens.end(),
                      [&](const TokenUse& use) { return !before(use.token, token); });
}

TokenUse& use_of(LimitUse& use, const Token& token) {
  const auto at = place_of(use.tokens, token);
  if (at != use.tokens.end() && at->token == token) return *at;
  return *use.tokens.insert(at, TokenUse{token, 0, 0});
}

void erase_zeros(LimitUse& use) {
  std::erase_if(use.tokens, [](const TokenUse& sum) { return sum.open == 0 && sum.today == 0; });
}

void add_open_to(LimitUse& use, const RiskTerms& terms) {
  ++use.open_orders;
  use_of(use, terms.input).open += terms.remaining();
}

void end_in(LimitUse& use, const RiskTerms& terms) {
  --use.open_orders;
  use_of(use, terms.input).open -= terms.remaining();
  erase_zeros(use);
}

void add_accepted_to(LimitUse& use, const Token& input, Units amount_in, WallTime time) {
  const auto second = floor<seconds>(time);
  if (use.second != second) use.orders_in_second = 0;
  use.second = second;
  ++use.orders_in_second;
  ++use.orders_today;
  use_of(use, input).today += amount_in;
}

void begin_day(LimitUse& use) {
  use.orders_today = 0;
  use.orders_in_second = 0;
  use.second = {};
  for (TokenUse& sum : use.tokens) sum.today = 0;
  erase_zeros(use);
}

}  // namespace

RiskTerms risk_terms_of(const OrderAccepted& order) {
  return {.input = order.input,
          .output = order.output.symbol,
          .slippage_bps = order.slippage_bps,
          .amount_in = order.amount_in.units};
}

RiskTerms risk_terms_of(const Order& order) {
  return {.input = order.input,
          .output = order.output.symbol,
          .slippage_bps = order.slippage_bps,
          .amount_in = order.amount_in.units,
          .filled_in = order.filled_in};
}

RiskTerms amended(const RiskTerms& order, const Amendment& terms) {
  RiskTerms after = order;
  if (terms.amount_in) after.amount_in = terms.amount_in->units;
  if (terms.slippage_bps) after.slippage_bps = *terms.slippage_bps;
  return after;
}

TokenUse LimitUse::of(const Token& token) const {
  for (const TokenUse& use : tokens)
    if (use.token == token) return use;
  return TokenUse{token, 0, 0};
}

std::uint64_t LimitUse::orders_in_second_of(WallTime time) const {
  return second == floor<seconds>(time) ? orders_in_second : 0;
}

void RiskUse::advance_to(WallTime time) {
  const bool next_day = day_over(time);
  time_ = std::max(time_, time);
  if (!next_day) return;
  begin_day(all_);
  for (auto& [name, use] : accounts_) begin_day(use);
  std::erase_if(accounts_, [](const auto& account) { return account.second.empty(); });
}

void RiskUse::fold(const Record& record, const Order* requeued) {
  advance_to(record.time);
  head_ = record.seq;
  const EventType type = type_of(record.event);
  if (const auto* accepted = std::get_if<OrderAccepted>(&record.event)) {
    open(record.order_id, accepted->account, risk_terms_of(*accepted));
    add_accepted(*accepted, record.time);
  } else if (type == EventType::dead_letter_requeued) {
    check(requeued != nullptr, "RiskUse::fold: a requeue without its order");
    open(record.order_id, requeued->account, risk_terms_of(*requeued));
  } else if (const auto* part = std::get_if<OrderPartiallyFilled>(&record.event)) {
    fill(record.order_id, part->amount_in.units);
  } else if (const auto* changed = std::get_if<OrderAmended>(&record.event)) {
    amend(record.order_id, changed->terms);
  } else if (!is_open(transition_of(type).after)) {
    end(record.order_id);
  }
}

void RiskUse::add_open(const Order& order) {
  open(order.id, order.account, risk_terms_of(order));
}

void RiskUse::add_accepted(const OrderAccepted& accepted, WallTime time) {
  add_accepted_to(all_, accepted.input, accepted.amount_in.units, time);
  add_accepted_to(accounts_[accepted.account], accepted.input, accepted.amount_in.units, time);
}

void RiskUse::add_amended(const Order& before, const Amendment& terms) {
  const RiskTerms held = risk_terms_of(before);
  const Units raise = raise_of(held.amount_in, amended(held, terms).amount_in);
  if (raise == 0) return;
  use_of(all_, held.input).today += raise;
  use_of(accounts_[before.account], held.input).today += raise;
}

bool RiskUse::day_over(WallTime time) const {
  return floor<days>(time) > floor<days>(time_);
}

const LimitUse& RiskUse::of(std::string_view account) const {
  static const LimitUse none;
  const auto found = accounts_.find(std::string(account));
  return found == accounts_.end() ? none : found->second;
}

bool RiskUse::has_room_for(std::string_view account, WallTime time) const {
  const bool over = day_over(time);
  const auto counts = [over](const auto& known) {
    return !over || known.second.open_orders > 0;  // else advance_to() removes it
  };
  if (accounts_.size() < accounts_max) return true;
  const auto found = accounts_.find(std::string(account));
  if (found != accounts_.end() && counts(*found)) return true;
  return static_cast<std::size_t>(std::count_if(accounts_.begin(), accounts_.end(), counts)) <
         accounts_max;
}

std::optional<RiskUse::OpenOrder> RiskUse::find(const OrderId& id) const {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return std::nullopt;
  return OpenOrder{found->second.account->first, found->second.terms};
}

void RiskUse::open(const OrderId& id, std::string_view account, const RiskTerms& terms) {
  if (orders_.contains(id)) return;
  Accounts::value_type& held = *accounts_.try_emplace(std::string(account)).first;
  orders_.emplace(id, Held{&held, terms});
  add_open_to(held.second, terms);
  add_open_to(all_, terms);
}

void RiskUse::fill(const OrderId& id, Units amount_in) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return;
  Held& order = found->second;
  for (LimitUse* use : {&all_, &order.account->second})
    use_of(*use, order.terms.input).open -= amount_in;
  order.terms.filled_in += amount_in;
}

void RiskUse::amend(const OrderId& id, const Amendment& terms) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return;
  Held& order = found->second;
  const RiskTerms after = amended(order.terms, terms);
  for (LimitUse* use : {&all_, &order.account->second}) {
    TokenUse& sums = use_of(*use, after.input);
    sums.open = sums.open - order.terms.remaining() + after.remaining();
    sums.today += raise_of(order.terms.amount_in, after.amount_in);
  }
  order.terms = after;
}

void RiskUse::end(const OrderId& id) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return;  // it ended before: a dead letter is discarded
  const Held order = found->second;
  orders_.erase(found);
  end_in(all_, order.terms);
  end_in(order.account->second, order.terms);
  if (order.account->second.empty()) accounts_.erase(accounts_.find(order.account->first));
}

}  // namespace oee
