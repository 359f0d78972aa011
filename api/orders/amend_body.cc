#include "api/orders/amend_body.h"

#include <algorithm>
#include <array>

#include "api/orders/body_checks.h"

namespace oee {
namespace {

enum Term : std::size_t {
  amount,
  limit_price,
  slippage_bps,
  min_out,
  expires_at,
  trigger_price,
  max_input,
  term_count
};

constexpr std::string_view number_expected = "must be a number, or a string with a decimal number";
constexpr std::array<MemberRule, term_count> rules = {{
    {"amount", false, true, true, number_expected},
    {"limitPrice", false, true, true, number_expected},
    {"slippageBps", false, false, true, "must be a whole number from 0 to 10000"},
    {"minOut", false, true, true, number_expected},
    {"expiresAt", false, true, false, "must be a string with an RFC 3339 time, or null",
     JsonKind::null},
    {"triggerPrice", false, true, true, number_expected},
    {"maxInput", false, true, true, number_expected},
}};
constexpr std::array<std::string_view, term_count> term_names = [] {
  std::array<std::string_view, term_count> names;
  for (std::size_t i = 0; i < term_count; ++i) names[i] = rules[i].name;
  return names;
}();

}  // namespace

std::variant<Amendment, Problem> parse_amend_body(std::string_view body, const Order& order,
                                                  WallTime now, bool keyed) {
  auto members = read_members(body, term_names);
  if (auto* problem = std::get_if<Problem>(&members)) return std::move(*problem);
  auto& read = std::get<BodyMembers>(members);
  const bool empty = std::all_of(read.values.begin(), read.values.begin() + term_count,
                                 [](const auto& each) { return each.kind == JsonKind::absent; });
  std::vector<ProblemItem> items;
  check_kinds(rules, read, "an amendment", items);
  if (empty && items.empty())
    items.push_back({"", "required",
                     "must have at least one of amount, limitPrice, slippageBps, "
                     "minOut, expiresAt, triggerPrice and maxInput"});
  const auto text = [&](Term term) { return read.values[term].view(); };
  const auto where = [](Term term) { return pointer_to(rules[term].name); };
  const auto refuse = [&](Term term, const char* detail) {
    if (read.values[term].kind != JsonKind::absent)
      items.push_back({where(term), "not_allowed", detail});
  };
  if (order.exact_out) {
    refuse(amount, "is not allowed: the order has an outputAmount, amend maxInput");
    refuse(min_out, "is not allowed: the order has an outputAmount");
  } else {
    refuse(max_input, "is not allowed: the order has no outputAmount");
  }
  Amendment terms;
  for (const Term term : {amount, max_input})
    if (const auto given = text(term))
      terms.amount_in =
          check_amount(*given, &order.input, where(term), ExcessDigits::refused, items);
  if (const auto given = text(limit_price))
    terms.limit_price = check_price(*given, where(limit_price), items);
  if (const auto given = text(slippage_bps))
    terms.slippage_bps = check_slippage(*given, where(slippage_bps), items);
  if (const auto given = text(min_out))
    terms.min_out_floor =
        check_amount(*given, &order.output, where(min_out), ExcessDigits::refused, items);
  if (const auto given = text(expires_at))
    terms.expires_at = check_expiry(*given, now, keyed, where(expires_at), items);
  if (const auto given = text(trigger_price))
    terms.trigger_price = check_price(*given, where(trigger_price), items);
  terms.expires_never = read.values[expires_at].kind == JsonKind::null;
  if (!items.empty()) return order_problem(std::move(items));
  return terms;
}

Problem amend_problem(const Error& error) {
  return refused_member(error, term_names);
}

}  // namespace oee
