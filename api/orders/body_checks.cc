#include "api/orders/body_checks.h"

#include <algorithm>
#include <array>

#include "core/order/decide.h"

namespace oee {
namespace {

// JSON's grammar of a number. A string in place of a number must match it too.
bool is_number_text(std::string_view text) {
  const auto digits = [&text] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool leading_zero = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (leading_zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

bool names_no_finite_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  constexpr std::array<std::string_view, 6> names = {"NaN",      "nan", "Infinity",
                                                     "infinity", "Inf", "inf"};
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool is_positive_number(std::string_view text, const std::string& where,
                        std::vector<ProblemItem>& items) {
  if (names_no_finite_number(text)) {
    items.push_back({where, "not_finite", "must be a finite number"});
    return false;
  }
  if (!is_number_text(text)) {
    items.push_back({where, "not_a_number", "must be a decimal number"});
    return false;
  }
  const bool zero =
      text.substr(0, text.find_first_of("eE")).find_first_of("123456789") == text.npos;
  if (text.starts_with('-') || zero) {
    items.push_back({where, "not_positive", "must be more than zero"});
    return false;
  }
  return true;
}

bool has_right_kind(const BodyMember& value, const MemberRule& rule) {
  if (value.kind == JsonKind::text) return rule.may_be_text;
  if (value.kind == JsonKind::number) return rule.may_be_number;
  return value.kind == rule.other;
}

}  // namespace

void check_kinds(std::span<const MemberRule> rules, BodyMembers& read, std::string_view what,
                 std::vector<ProblemItem>& items) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    BodyMember& value = read.values[i];
    const MemberRule& rule = rules[i];
    if (value.repeated) {
      items.push_back({pointer_to(rule.name), "duplicate_key", "is given more than once"});
    } else if (value.kind == JsonKind::absent) {
      if (rule.required) items.push_back({pointer_to(rule.name), "required", "is required"});
      continue;
    } else if (!has_right_kind(value, rule)) {
      items.push_back({pointer_to(rule.name), "wrong_type", std::string(rule.expected)});
    } else if (value.too_long) {
      items.push_back(
          {pointer_to(rule.name), "too_long",
           "must have at most " + std::to_string(BodyMembers::text_bytes_max) + " characters"});
    } else {
      continue;
    }
    value.kind = JsonKind::array;
  }
  for (const std::string& name : read.unknown) {
    items.push_back(
        {pointer_to(name), "unknown_member", "is not a member of " + std::string(what)});
  }
}

std::optional<Decimal> check_amount(std::string_view text, const Token* token,
                                    const std::string& where, ExcessDigits excess,
                                    std::vector<ProblemItem>& items) {
  if (!is_positive_number(text, where, items) || token == nullptr) return std::nullopt;
  const Result<Units> units = excess == ExcessDigits::cut ? parse_units_down(text, token->decimals)
                                                          : parse_units(text, token->decimals);
  if (units && *units > 0) return Decimal{*units, token->decimals};
  if (units) {
    items.push_back({where, "not_positive",
                     "must be at least one base unit of " + std::string(token->symbol.view())});
  } else if (units.error().code == Errc::full) {
    items.push_back({where, "too_large",
                     "must be less than 2^64 base units of " + std::string(token->symbol.view())});
  } else {
    items.push_back({where, "too_precise",
                     "must have at most " + std::to_string(token->decimals) +
                         " decimals, the precision of " + std::string(token->symbol.view())});
  }
  return std::nullopt;
}

std::optional<Decimal> check_price(std::string_view text, const std::string& where,
                                   std::vector<ProblemItem>& items) {
  if (!is_positive_number(text, where, items)) return std::nullopt;
  for (std::uint8_t scale = 0; scale <= decimal_scale_max; ++scale) {
    const Result<Units> units = parse_units(text, scale);
    if (units) return Decimal{*units, scale};
    if (units.error().code != Errc::full) continue;  // more decimals are needed
    items.push_back({where, "too_large", "must have fewer digits: its mantissa exceeds 2^64"});
    return std::nullopt;
  }
  items.push_back({where, "too_precise", "must have at most 18 decimals"});
  return std::nullopt;
}

std::optional<std::uint32_t> check_whole(std::string_view text, std::uint32_t min,
                                         std::uint32_t max, const std::string& where,
                                         std::vector<ProblemItem>& items) {
  const Result<Units> number = parse_units(text, 0);  // 100, 1e2 and 100.0 are one number
  if (number && *number >= min && *number <= max) return static_cast<std::uint32_t>(*number);
  items.push_back(
      {where, "out_of_range",
       "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max)});
  return std::nullopt;
}

std::optional<Micros> check_duration(std::string_view text, Micros min, Micros max,
                                     const std::string& where, std::vector<ProblemItem>& items) {
  const Result<Micros> duration = parse_duration(text);
  if (!duration) {
    items.push_back({where, "not_a_duration", "must be a duration such as 30s, 5m or 1h"});
  } else if (*duration < min || *duration > max) {
    items.push_back({where, "out_of_range",
                     "must be from " + format_duration(min) + " to " + format_duration(max)});
  } else {
    return *duration;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> check_slippage(std::string_view text, const std::string& where,
                                            std::vector<ProblemItem>& items) {
  return check_whole(text, 0, 10'000, where, items);
}

std::optional<WallTime> check_expiry(std::string_view text, WallTime now, bool past_allowed,
                                     const std::string& where, std::vector<ProblemItem>& items) {
  const Result<WallTime> time = parse_rfc3339(text);
  if (!time) {
    items.push_back({where, "not_a_time", "must be an RFC 3339 time, as 2026-03-01T12:00:00Z"});
  } else if (*time <= now && !past_allowed) {
    items.push_back({where, "not_in_future", "is in the past"});
  } else {
    return *time;
  }
  return std::nullopt;
}

void check_output_at(Decimal price, Decimal amount_in, const Token& output,
                     const std::string& where, std::vector<ProblemItem>& items) {
  if (output_at(price, amount_in, output.decimals).ok()) return;
  items.push_back({where, "too_large",
                   "times the amount must be less than 2^64 base units of " +
                       std::string(output.symbol.view())});
}

Problem refused_member(const Error& error, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string begin = std::string(name) + ": ";
    if (!error.detail.starts_with(begin)) continue;
    return order_problem({{pointer_to(name), "not_allowed", error.detail.substr(begin.size())}});
  }
  Problem problem;
  problem.kind = &problems::invalid;
  problem.detail = error.detail;
  return problem;
}

}  // namespace oee
