#include "core/risk/limits.h"

#include <algorithm>
#include <charconv>

#include "core/base/json_writer.h"

namespace oee {
namespace {

constexpr std::string_view first_line = "oee/risk-limits/2\n";

// All decimals of the token, so that the text has their number.
std::string fixed_text(const TokenLimit& limit) {
  std::string digits = std::to_string(limit.units);
  const std::size_t decimals = limit.token.decimals;
  if (decimals == 0) return digits;
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  return digits.insert(digits.size() - decimals, ".");
}

bool contains(const std::vector<TokenLimit>& limits, const TokenLimit& limit) {
  return std::find(limits.begin(), limits.end(), limit) != limits.end();
}

// The limits of `set` that differ from those of `other`.
void append_set(std::string& out, std::string_view scope, const LimitSet& set,
                const LimitSet& other) {
  const auto line = [&](std::string_view name, std::string_view value) {
    out.append(scope).append(" ").append(name).append(" ").append(value).append("\n");
  };
  for (const CountLimitRow& row : count_limits)
    if (const auto& limit = set.*row.member; limit && limit != other.*row.member)
      line(row.name, std::to_string(*limit));
  for (const AmountLimitRow& row : amount_limits)
    for (const TokenLimit& limit : set.*row.member)
      if (!contains(other.*row.member, limit))
        line(row.name, std::string(limit.token.symbol.view()) + " " + fixed_text(limit));
  if (set.tokens && set.tokens != other.tokens) line(tokens_limit_name, to_text(*set.tokens));
  if (set.pairs && set.pairs != other.pairs) line(pairs_limit_name, to_text(*set.pairs));
}

// The text before the first `end`, which is removed with it; all of it when there is none.
std::string_view take_until(std::string_view& text, char end) {
  const std::string_view part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

std::optional<std::uint64_t> parse_number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<Symbol> parse_symbol(std::string_view text) {
  if (text.empty() || text.size() > Symbol::size_max) return std::nullopt;
  return Symbol(text);
}

bool read_amount(std::string_view value, std::vector<TokenLimit>& limits) {
  const auto symbol = parse_symbol(take_until(value, ' '));
  std::string digits(take_until(value, '.'));
  digits += value;
  const auto units = parse_number(digits);
  if (!symbol || !units || value.size() > decimal_scale_max) return false;
  const Token token{*symbol, static_cast<std::uint8_t>(value.size())};
  const auto at = std::find_if(limits.begin(), limits.end(), [&](const TokenLimit& limit) {
    return !(limit.token.symbol < token.symbol);
  });
  if (at != limits.end() && at->token == token)
    at->units = *units;
  else
    limits.insert(at, TokenLimit{token, *units});
  return true;
}

bool read_limit(std::string_view name, std::string_view value, LimitSet& set) {
  for (const CountLimitRow& row : count_limits)
    if (row.name == name) return (set.*row.member = parse_number(value)).has_value();
  for (const AmountLimitRow& row : amount_limits)
    if (row.name == name) return read_amount(value, set.*row.member);
  const bool of_pairs = name == pairs_limit_name;
  if (!of_pairs && name != tokens_limit_name) return false;
  if (of_pairs)
    set.pairs.emplace();
  else
    set.tokens.emplace();
  while (!value.empty()) {
    std::string_view item = take_until(value, ',');
    const auto input = parse_symbol(take_until(item, '/'));
    const auto output = parse_symbol(item);
    if (!input || output.has_value() != of_pairs) return false;
    if (of_pairs)
      set.pairs->push_back(AllowedPair{*input, *output});
    else
      set.tokens->push_back(*input);
  }
  return true;
}

bool read_line(std::string_view line, RiskLimits& limits) {
  LimitSet* set = nullptr;
  const std::string_view scope = take_until(line, ' ');
  if (scope == "all") set = &limits.all;
  if (scope == "account") set = &limits.account;
  if (scope == "account" && line.starts_with('"')) {
    line.remove_prefix(1);
    const std::string name(take_until(line, '"'));
    take_until(line, ' ');
    set = &limits.accounts.try_emplace(name, limits.account).first->second;
  }
  const std::string_view name = take_until(line, ' ');
  return set != nullptr && read_limit(name, line, *set);
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
  std::string text(first_line);
  append_set(text, "all", limits.all, {});
  append_set(text, "account", limits.account, {});
  for (const auto& [name, set] : limits.accounts) {
    std::string scope = "account \"";
    append_json_escaped(scope, name);
    scope += '"';
    append_set(text, scope, set, limits.account);
  }
  return text;
}

Result<RiskLimits> parse_canonical_limits(std::string_view text) {
  RiskLimits limits;
  std::size_t number = 1;
  std::string_view rest = text;
  bool wrong = !text.starts_with(first_line);
  if (!wrong) rest.remove_prefix(first_line.size());
  while (!wrong && !rest.empty()) {
    ++number;
    wrong = !read_line(take_until(rest, '\n'), limits);
  }
  if (wrong)
    return Error{Errc::invalid, "line " + std::to_string(number) + " is no text of risk limits"};
  // Another order, a repetition, a zero in front.
  if (canonical_text(limits) != text)
    return Error{Errc::invalid, "the text of the risk limits is not canonical"};
  return limits;
}

Result<RiskLimits> limits_of(std::span<const Record> own_stream) {
  const Record* last = nullptr;
  for (const Record& record : own_stream)
    if (std::holds_alternative<RiskLimitsChanged>(record.event)) last = &record;
  if (last == nullptr) return RiskLimits();
  auto limits = parse_canonical_limits(std::get<RiskLimitsChanged>(last->event).limits);
  if (limits.ok()) return limits;
  return Error{Errc::unsupported,
               "seq " + std::to_string(last->seq) + ": " + limits.error().detail};
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
