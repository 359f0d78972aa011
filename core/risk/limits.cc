#include "core/risk/limits.h"

#include <algorithm>

#include "core/base/json_writer.h"

namespace oee {
namespace {

void append_set(std::string& out, std::string_view scope, const LimitSet& set) {
  const auto line = [&](std::string_view name, std::string_view value) {
    out.append(scope).append(" ").append(name).append(" ").append(value).append("\n");
  };
  for (const CountLimitRow& row : count_limits)
    if (const auto& limit = set.*row.member) line(row.name, std::to_string(*limit));
  for (const AmountLimitRow& row : amount_limits)
    for (const TokenLimit& limit : set.*row.member)
      line(row.name, std::string(limit.token.symbol.view()) + " " +
                         to_text(Decimal{limit.units, limit.token.decimals}));
  if (set.tokens) line(tokens_limit_name, to_text(*set.tokens));
  if (set.pairs) line(pairs_limit_name, to_text(*set.pairs));
}

}  // namespace

const LimitSet& RiskLimits::of(std::string_view account_name) const {
  const auto found = accounts.find(account_name);
  return found == accounts.end() ? account : found->second;
}

std::optional<Units> limit_of(const std::vector<TokenLimit>& limits, const Token& token) {
  const auto found = std::find_if(limits.begin(), limits.end(),
                                  [&](const TokenLimit& each) { return each.token == token; });
  if (found == limits.end()) return std::nullopt;
  return found->units;
}

std::string canonical_text(const RiskLimits& limits) {
  std::string text = "oee/risk-limits/1\n";
  append_set(text, "all", limits.all);
  append_set(text, "account", limits.account);
  for (const auto& [name, set] : limits.accounts) {
    std::string scope = "account \"";
    append_json_escaped(scope, name);
    scope += '"';
    append_set(text, scope, set);
  }
  return text;
}

Hash256 hash_of(const RiskLimits& limits) {
  return sha256({canonical_text(limits)});
}

std::string to_text(const std::vector<Symbol>& tokens) {
  std::string text;
  for (const Symbol& token : tokens) {
    if (!text.empty()) text += ',';
    text += token.view();
  }
  return text;
}

std::string to_text(const std::vector<AllowedPair>& pairs) {
  std::string text;
  for (const AllowedPair& pair : pairs) {
    if (!text.empty()) text += ',';
    text.append(pair.input.view()).append("/").append(pair.output.view());
  }
  return text;
}

}  // namespace oee
