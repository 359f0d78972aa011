#include "core/risk/check.h"

#include <algorithm>

namespace oee {
namespace {

// The part that a request adds to what is in use.
struct Added {
  std::uint64_t open_orders = 0;
  Units open = 0;
  Units today = 0;
  std::uint64_t accepted = 0;
};

// One scope of limits: those of an account or of all.
class ScopeCheck {
 public:
  ScopeCheck(std::string_view scope, const LimitSet& limits, const LimitUse& use)
      : scope_(scope), limits_(limits), use_(use) {}

  std::optional<LimitBreach> order(const RiskTerms& order,
                                   const std::optional<PriceCheck>& price) const {
    if (auto breach = amount(largest_order_row, order.input, order.amount_in)) return breach;
    if (auto breach = allowed(order)) return breach;
    if (auto breach = count(slippage_row, order.slippage_bps)) return breach;
    if (price) return collar(*price);
    return std::nullopt;
  }

  std::optional<LimitBreach> in_use(const Token& input, const Added& added, WallTime time,
                                    bool day_over) const {
    const TokenUse sums = use_.of(input);
    const U128 today = day_over ? 0 : sums.today;
    if (added.open_orders > 0)
      if (auto breach = count(open_orders_row, use_.open_orders + added.open_orders)) return breach;
    if (added.open > 0)
      if (auto breach = amount(open_notional_row, input, sums.open + added.open)) return breach;
    if (added.today > 0)
      if (auto breach = amount(day_notional_row, input, today + added.today)) return breach;
    if (added.accepted == 0) return std::nullopt;
    return count(orders_per_second_row, use_.orders_in_second_of(time) + added.accepted);
  }

 private:
  std::string name_of(std::string_view limit) const {
    return std::string(scope_) + "." + std::string(limit);
  }

  std::optional<LimitBreach> count(const CountLimitRow& row, std::uint64_t value) const {
    const auto& limit = limits_.*row.member;
    if (!limit || value <= *limit) return std::nullopt;
    return LimitBreach{name_of(row.name), std::to_string(*limit), std::to_string(value)};
  }

  std::optional<LimitBreach> amount(const AmountLimitRow& row, const Token& token,
                                    U128 value) const {
    const auto limit = limit_of(limits_.*row.member, token);
    if (!limit || value <= *limit) return std::nullopt;
    return LimitBreach{name_of(row.name) + "." + std::string(token.symbol.view()),
                       amount_text(*limit, token.decimals), amount_text(value, token.decimals)};
  }

  std::optional<LimitBreach> allowed(const RiskTerms& order) const {
    const AllowedPair pair{order.input.symbol, order.output};
    if (limits_.tokens)
      for (const Symbol& symbol : {pair.input, pair.output})
        if (!std::binary_search(limits_.tokens->begin(), limits_.tokens->end(), symbol))
          return LimitBreach{name_of(tokens_limit_name), to_text(*limits_.tokens),
                             std::string(symbol.view())};
    if (limits_.pairs && !std::binary_search(limits_.pairs->begin(), limits_.pairs->end(), pair))
      return LimitBreach{name_of(pairs_limit_name), to_text(*limits_.pairs),
                         to_text(std::vector<AllowedPair>{pair})};
    return std::nullopt;
  }

  // The distance of the price from the reference, rounded up to a basis point.
  std::optional<LimitBreach> collar(const PriceCheck& check) const;

  std::string_view scope_;
  const LimitSet& limits_;
  const LimitUse& use_;
};

// 64 bits and at most 18 decimals: below 2^124.
U128 at_scale_18(Decimal value) {
  U128 units = value.units;
  for (int scale = value.scale; scale < decimal_scale_max; ++scale) units *= 10;
  return units;
}

std::optional<LimitBreach> ScopeCheck::collar(const PriceCheck& prices) const {
  check(prices.reference.units > 0, "evaluate: a reference price of zero");
  const U128 price = at_scale_18(prices.price);
  const U128 reference = at_scale_18(prices.reference);
  const U128 distance = price > reference ? price - reference : reference - price;
  // distance × 10,000 / reference, one digit after the other: the product may exceed 128 bits. The
  // quotient is cut off at 10^15, far above every limit.
  U128 bps = std::min<U128>(distance / reference, 100'000'000'000);
  U128 rest = distance % reference;
  for (int digit = 0; digit < 4; ++digit) {
    rest *= 10;
    bps = bps * 10 + rest / reference;
    rest %= reference;
  }
  return count(price_collar_row, static_cast<std::uint64_t>(bps) + (rest > 0 ? 1 : 0));
}

std::optional<LimitBreach> evaluate(std::string_view name, const RiskTerms& order,
                                    const Added& added, const RiskLimits& limits,
                                    const RiskUse& use, WallTime time,
                                    const std::optional<PriceCheck>& price = std::nullopt) {
  const ScopeCheck account("account", limits.of(name), use.of(name));
  const ScopeCheck all("all", limits.all, use.all());
  const bool day_over = use.day_over(time);
  if (auto breach = account.order(order, price)) return breach;
  if (auto breach = all.order(order, price)) return breach;
  if (auto breach = account.in_use(order.input, added, time, day_over)) return breach;
  if (auto breach = all.in_use(order.input, added, time, day_over)) return breach;
  if (use.has_room_for(name, time)) return std::nullopt;
  return LimitBreach{"all.accounts", std::to_string(RiskUse::accounts_max),
                     std::to_string(use.accounts() + 1)};
}

}  // namespace

std::optional<LimitBreach> evaluate(const OrderAccepted& order, const RiskLimits& limits,
                                    const RiskUse& use, WallTime time,
                                    const std::optional<PriceCheck>& price) {
  const Units amount = order.amount_in.units;
  const Added added{.open_orders = 1, .open = amount, .today = amount, .accepted = 1};
  return evaluate(order.account, risk_terms_of(order), added, limits, use, time, price);
}

std::optional<LimitBreach> evaluate_requeue(const Order& order, const RiskLimits& limits,
                                            const RiskUse& use, WallTime time) {
  const Added added{.open_orders = 1, .open = order.remaining()};
  return evaluate(order.account, risk_terms_of(order), added, limits, use, time);
}

std::optional<LimitBreach> evaluate_amendment(const OrderId& order, const Amendment& terms,
                                              const RiskLimits& limits, const RiskUse& use,
                                              WallTime time,
                                              const std::optional<PriceCheck>& price) {
  const auto open = use.find(order);
  if (!open) return std::nullopt;
  const RiskTerms after = amended(open->terms, terms);
  const Units raise = raise_of(open->terms.amount_in, after.amount_in);
  const Added added{.open = raise, .today = raise};
  return evaluate(open->account, after, added, limits, use, time, price);
}

std::string amount_text(U128 units, std::uint8_t decimals) {
  std::string digits;  // the lowest first
  for (std::size_t i = 0; units > 0 || i <= decimals; ++i, units /= 10) {
    const char digit = static_cast<char>('0' + static_cast<int>(units % 10));
    if (i == decimals && !digits.empty()) digits += '.';
    // No zeros at the end of the fraction.
    if (i < decimals && digit == '0' && digits.empty()) continue;
    digits += digit;
  }
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace oee
