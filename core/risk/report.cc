#include "core/risk/report.h"

#include "core/risk/check.h"

namespace oee {
namespace {

class ScopeRows {
 public:
  ScopeRows(std::vector<RiskRow>& rows, std::string_view scope, const LimitSet& limits,
            const LimitUse& use, bool day_over)
      : rows_(rows), scope_(scope), limits_(limits), use_(use), day_over_(day_over) {}

  void add(WallTime time) {
    add_of_order(largest_order_row);
    add_list(tokens_limit_name, limits_.tokens);
    add_list(pairs_limit_name, limits_.pairs);
    add_count(slippage_row, {});
    add_count(price_collar_row, {});
    add_count(open_orders_row, std::to_string(use_.open_orders));
    add_sums(open_notional_row, &TokenUse::open);
    add_sums(day_notional_row, &TokenUse::today);
    add_count(orders_per_second_row, std::to_string(use_.orders_in_second_of(time)));
  }

 private:
  void add_row(std::string_view name, std::string token, std::optional<std::string> limit,
               std::string use) {
    if (!limit && use.empty()) return;
    rows_.push_back({scope_, name, std::move(token), std::move(limit), std::move(use)});
  }

  void add_count(const CountLimitRow& row, std::string use) {
    std::optional<std::string> limit;
    if (limits_.*row.member) limit = std::to_string(*(limits_.*row.member));
    add_row(row.name, {}, std::move(limit), std::move(use));
  }

  template <class Item>
  void add_list(std::string_view name, const std::optional<std::vector<Item>>& items) {
    if (items) add_row(name, {}, to_text(*items), {});
  }

  void add_of_order(const AmountLimitRow& row) {
    for (const TokenLimit& limit : limits_.*row.member)
      add_row(row.name, std::string(limit.token.symbol.view()),
              amount_text(limit.units, limit.token.decimals), {});
  }

  // One row for each token with a limit or a sum.
  void add_sums(const AmountLimitRow& row, U128 TokenUse::*sum) {
    const std::vector<TokenLimit>& limits = limits_.*row.member;
    const auto sum_of = [&](const TokenUse& use) {
      return day_over_ && sum == &TokenUse::today ? U128{0} : use.*sum;
    };
    for (const TokenLimit& limit : limits)
      add_row(row.name, std::string(limit.token.symbol.view()),
              amount_text(limit.units, limit.token.decimals),
              amount_text(sum_of(use_.of(limit.token)), limit.token.decimals));
    for (const TokenUse& used : use_.tokens)
      if (sum_of(used) > 0 && !limit_of(limits, used.token))
        add_row(row.name, std::string(used.token.symbol.view()), std::nullopt,
                amount_text(sum_of(used), used.token.decimals));
  }

  std::vector<RiskRow>& rows_;
  std::string_view scope_;
  const LimitSet& limits_;
  const LimitUse& use_;
  const bool day_over_;
};

}  // namespace

std::vector<RiskRow> risk_rows(const RiskLimits& limits, const RiskUse& use,
                               std::string_view account, WallTime time) {
  const bool day_over = use.day_over(time);
  std::vector<RiskRow> rows;
  ScopeRows(rows, "account", limits.of(account), use.of(account), day_over).add(time);
  ScopeRows(rows, "all", limits.all, use.all(), day_over).add(time);
  return rows;
}

}  // namespace oee
