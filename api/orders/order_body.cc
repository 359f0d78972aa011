#include "api/orders/order_body.h"

#include <algorithm>
#include <array>

#include "api/http/json_body.h"

namespace oee {

bool is_client_order_id_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

namespace {

enum Member : std::size_t {
  input_token,
  output_token,
  amount,
  slippage_bps,
  order_type,
  client_order_id,
  expires_at,
  member_count,
};

const SwapNames pointers{"/inputToken", "/outputToken", "/amount"};

struct MemberRule {
  std::string_view name;
  bool required;
  bool may_be_text;
  bool may_be_number;
  std::string_view expected;
};
constexpr std::array<MemberRule, member_count> rules = {{
    {"inputToken", true, true, false, "must be a token's symbol, a string"},
    {"outputToken", true, true, false, "must be a token's symbol, a string"},
    {"amount", true, true, true, "must be a number, or a string with a decimal number"},
    {"slippageBps", false, false, true, "must be a whole number from 0 to 10000"},
    {"type", false, true, false, "must be the string \"market\""},
    {"clientOrderId", false, true, false, "must be a string"},
    {"expiresAt", false, true, false, "must be a string with an RFC 3339 time"},
}};
constexpr std::array<std::string_view, member_count> member_names = [] {
  std::array<std::string_view, member_count> names;
  for (std::size_t i = 0; i < member_count; ++i) names[i] = rules[i].name;
  return names;
}();

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

// `token` null: the token is unknown, so its decimals are not checked.
void check_amount(std::string_view text, const Token* token, const std::string& where,
                  ExcessDigits excess, SwapRequest& swap, std::vector<ProblemItem>& items) {
  if (names_no_finite_number(text)) {
    items.push_back({where, "not_finite", "must be a finite number"});
    return;
  }
  if (!is_number_text(text)) {
    items.push_back({where, "not_a_number", "must be a decimal number"});
    return;
  }
  const bool zero =
      text.substr(0, text.find_first_of("eE")).find_first_of("123456789") == text.npos;
  if (text.starts_with('-') || zero) {
    items.push_back({where, "not_positive", "must be more than zero"});
    return;
  }
  if (token == nullptr) return;
  const Result<Units> units = excess == ExcessDigits::cut ? parse_units_down(text, token->decimals)
                                                          : parse_units(text, token->decimals);
  if (units && *units == 0) {
    items.push_back({where, "not_positive",
                     "must be at least one base unit of " + std::string(token->symbol.view())});
  } else if (units) {
    swap.amount_in = Decimal{*units, token->decimals};
  } else if (units.error().code == Errc::full) {
    items.push_back({where, "too_large",
                     "must be less than 2^64 base units of " + std::string(token->symbol.view())});
  } else {
    items.push_back({where, "too_precise",
                     "must have at most " + std::to_string(token->decimals) +
                         " decimals, the precision of " + std::string(token->symbol.view())});
  }
}

const Token* check_token(std::optional<std::string_view> symbol, const TokenRegistry& tokens,
                         std::string where, std::vector<ProblemItem>& items) {
  if (!symbol) return nullptr;
  const TokenInfo* info = tokens.find(*symbol);
  if (info != nullptr) return &info->token;
  items.push_back({std::move(where), "unknown_token", "is not a known token"});
  return nullptr;
}

void check_kinds(BodyMembers& read, std::vector<ProblemItem>& items) {
  for (std::size_t i = 0; i < member_count; ++i) {
    BodyMember& value = read.values[i];
    const MemberRule& rule = rules[i];
    const bool right = (value.kind == JsonKind::text && rule.may_be_text) ||
                       (value.kind == JsonKind::number && rule.may_be_number);
    if (value.repeated) {
      items.push_back({pointer_to(rule.name), "duplicate_key", "is given more than once"});
    } else if (value.kind == JsonKind::absent) {
      if (rule.required) items.push_back({pointer_to(rule.name), "required", "is required"});
      continue;
    } else if (!right) {
      items.push_back({pointer_to(rule.name), "wrong_type", std::string(rule.expected)});
    } else if (value.too_long) {
      items.push_back(
          {pointer_to(rule.name), "too_long",
           "must have at most " + std::to_string(BodyMembers::text_bytes_max) + " characters"});
    } else {
      continue;
    }
    value.kind = JsonKind::absent;  // no further checks of this member
  }
  for (const std::string& name : read.unknown) {
    items.push_back({pointer_to(name), "unknown_member", "is not a member of an order"});
  }
}

void check_slippage(const BodyMember& value, PlaceOrder& order, std::vector<ProblemItem>& items) {
  if (value.kind == JsonKind::absent) return;
  const Result<Units> bps = parse_units(value.text, 0);  // 100, 1e2 and 100.0 are one number
  if (bps && *bps <= 10'000) {
    order.slippage_bps = static_cast<std::uint32_t>(*bps);
    return;
  }
  items.push_back({pointer_to(rules[slippage_bps].name), "out_of_range",
                   "must be a whole number from 0 to 10000"});
}

void check_names(const BodyMembers& read, PlaceOrder& order, std::vector<ProblemItem>& items) {
  const BodyMember& type = read.values[order_type];
  if (type.kind != JsonKind::absent && type.text != to_string(OrderType::market)) {
    items.push_back({pointer_to(rules[order_type].name), "unknown_type",
                     "must be \"market\", the only supported type"});
  }
  const BodyMember& id = read.values[client_order_id];
  if (id.kind == JsonKind::absent) return;
  if (id.text.empty() || id.text.size() > client_order_id_max ||
      !is_client_order_id_text(id.text)) {
    items.push_back({pointer_to(rules[client_order_id].name), "bad_text",
                     "must have 1 to 64 printable ASCII characters without spaces"});
    return;
  }
  order.client_order_id = id.text;
}

void check_expiry(const BodyMember& value, WallTime now, bool keyed, PlaceOrder& order,
                  std::vector<ProblemItem>& items) {
  if (value.kind == JsonKind::absent) return;
  const Result<WallTime> time = parse_rfc3339(value.text);
  if (!time) {
    items.push_back({pointer_to(rules[expires_at].name), "not_a_time",
                     "must be an RFC 3339 time, as 2026-03-01T12:00:00Z"});
  } else if (*time <= now && !keyed) {
    items.push_back({pointer_to(rules[expires_at].name), "not_in_future", "is in the past"});
  } else {
    order.expires_at = *time;
  }
}

}  // namespace

SwapRequest check_swap(const SwapText& text, const TokenRegistry& tokens, const SwapNames& names,
                       std::vector<ProblemItem>& items, ExcessDigits excess) {
  SwapRequest swap;
  const Token* input = check_token(text.input, tokens, names.input, items);
  const Token* output = check_token(text.output, tokens, names.output, items);
  if (input != nullptr) swap.input = *input;
  if (output != nullptr) swap.output = *output;
  if (input != nullptr && input == output) {
    items.push_back({names.output, "same_token", "must differ from the token that is sold"});
  }
  if (text.amount) check_amount(*text.amount, input, names.amount, excess, swap, items);
  return swap;
}

std::variant<PlaceOrder, Problem> parse_order_body(std::string_view body,
                                                   const TokenRegistry& tokens, WallTime now,
                                                   bool keyed) {
  auto members = read_members(body, member_names);
  if (auto* problem = std::get_if<Problem>(&members)) return std::move(*problem);
  auto& read = std::get<BodyMembers>(members);
  std::vector<ProblemItem> items;
  check_kinds(read, items);
  SwapText text;
  text.input = read.values[input_token].view();
  text.output = read.values[output_token].view();
  text.amount = read.values[amount].view();
  const SwapRequest swap = check_swap(text, tokens, pointers, items);
  PlaceOrder order;
  order.input = swap.input;
  order.output = swap.output;
  order.amount_in = swap.amount_in;
  check_slippage(read.values[slippage_bps], order, items);
  check_names(read, order, items);
  keyed = keyed || !order.client_order_id.empty();
  check_expiry(read.values[expires_at], now, keyed, order, items);
  if (!items.empty()) return order_problem(std::move(items));
  return order;
}

}  // namespace oee
