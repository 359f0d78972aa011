#include "api/order_body.h"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>

namespace oee {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 8;
constexpr std::size_t text_bytes_max = 256;   // of a member's value; no valid one is longer
constexpr std::size_t unknown_names_max = 8;  // reported; more do not help anybody
constexpr std::size_t name_bytes_max = 64;    // of an unknown name that is reported

enum class Kind : std::uint8_t { absent, text, number, boolean, null, array, object };

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

struct Value {
  Kind kind = Kind::absent;
  bool repeated = false;
  bool too_long = false;
  std::string text;  // of a string or number

  std::optional<std::string_view> view() const {
    if (kind != Kind::text && kind != Kind::number) return std::nullopt;
    return text;
  }
};

// Boost.JSON's events. Only members of the outermost object matter; nested values are read (they
// must be JSON) and dropped.
class BodyReader {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  std::array<Value, member_count> values;
  std::vector<std::string> unknown;
  Kind outermost = Kind::absent;
  std::size_t current = member_count;  // whose value comes next; member_count: nobody's

  using error_code = boost::system::error_code;
  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open(Kind::object); }
  bool on_object_end(std::size_t, error_code&) { return close(); }
  bool on_array_begin(error_code&) { return open(Kind::array); }
  bool on_array_end(std::size_t, error_code&) { return close(); }
  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    if (depth_ == 1) append(name_, part, name_bytes_max);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code&) {
    if (depth_ != 1) return true;
    append(name_, part, name_bytes_max);
    choose_member();
    name_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code&) { return add(part); }
  bool on_string(json::string_view part, std::size_t, error_code&) {
    add(part);
    return end(Kind::text);
  }
  // The number's text; its value as Boost.JSON sees it is not used.
  bool on_number_part(json::string_view part, error_code&) { return add(part); }
  bool on_int64(std::int64_t, json::string_view part, error_code&) { return number(part); }
  bool on_uint64(std::uint64_t, json::string_view part, error_code&) { return number(part); }
  bool on_double(double, json::string_view part, error_code&) { return number(part); }
  bool on_bool(bool, error_code&) { return end(Kind::boolean); }
  bool on_null(error_code&) { return end(Kind::null); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

 private:
  Value* here() { return depth_ == 1 && current < member_count ? &values[current] : nullptr; }
  static bool append(std::string& to, json::string_view part, std::size_t size_max) {
    const std::size_t room = size_max - std::min(size_max, to.size());
    to.append(part.data(), std::min(room, part.size()));
    return part.size() <= room;
  }
  void choose_member() {
    for (std::size_t i = 0; i < member_count; ++i) {
      if (rules[i].name != name_) continue;
      current = i;
      values[i].repeated = values[i].kind != Kind::absent;
      values[i].text.clear();
      return;
    }
    current = member_count;
    if (unknown.size() < unknown_names_max) unknown.push_back(name_);
  }
  bool open(Kind kind) {
    if (depth_ == 0) outermost = kind;
    if (Value* value = here()) value->kind = kind;
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }
  bool add(json::string_view part) {
    Value* value = here();
    if (value != nullptr && !append(value->text, part, text_bytes_max)) value->too_long = true;
    return true;
  }
  bool number(json::string_view part) {
    add(part);
    return end(Kind::number);
  }
  bool end(Kind kind) {
    if (depth_ == 0) outermost = kind;
    if (Value* value = here()) value->kind = kind;
    return true;
  }

  std::size_t depth_ = 0;
  std::string name_;
};

std::string pointer_to(std::string_view name) {  // RFC 6901
  std::string pointer = "/";
  for (char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

// JSON's grammar of a number, which a string in place of one must keep to as well.
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

// `token` null: unknown, its decimals are not judged.
void check_amount(std::string_view text, const Token* token, const std::string& where, Swap& swap,
                  std::vector<ProblemItem>& items) {
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
  const Result<Units> units = parse_units(text, token->decimals);
  if (units) {
    swap.amount_in = Decimal{*units, token->decimals};
  } else if (units.error().code == Errc::full) {
    items.push_back({where, "too_large",
                     "must be less than 2^64 base units of " + std::string(token->symbol.view())});
  } else {
    items.push_back({where, "too_precise",
                     "must have no more than " + std::to_string(token->decimals) +
                         " decimals, as " + std::string(token->symbol.view()) + " has"});
  }
}

const Token* check_token(std::optional<std::string_view> symbol, const TokenRegistry& tokens,
                         std::string where, std::vector<ProblemItem>& items) {
  if (!symbol) return nullptr;
  const TokenInfo* info = tokens.find(*symbol);
  if (info != nullptr) return &info->token;
  items.push_back({std::move(where), "unknown_token", "is not a token that is traded here"});
  return nullptr;
}

void check_kinds(BodyReader& read, std::vector<ProblemItem>& items) {
  for (std::size_t i = 0; i < member_count; ++i) {
    Value& value = read.values[i];
    const MemberRule& rule = rules[i];
    const bool right = (value.kind == Kind::text && rule.may_be_text) ||
                       (value.kind == Kind::number && rule.may_be_number);
    if (value.repeated) {
      items.push_back({pointer_to(rule.name), "duplicate_key", "is given more than once"});
    } else if (value.kind == Kind::absent) {
      if (rule.required) items.push_back({pointer_to(rule.name), "required", "is required"});
      continue;
    } else if (!right) {
      items.push_back({pointer_to(rule.name), "wrong_type", std::string(rule.expected)});
    } else if (value.too_long) {
      items.push_back({pointer_to(rule.name), "too_long",
                       "must have at most " + std::to_string(text_bytes_max) + " characters"});
    } else {
      continue;
    }
    value.kind = Kind::absent;  // what is wrong already is not looked at further
  }
  for (const std::string& name : read.unknown) {
    items.push_back({pointer_to(name), "unknown_member", "is not a member of an order"});
  }
}

void check_slippage(const Value& value, PlaceOrder& order, std::vector<ProblemItem>& items) {
  if (value.kind == Kind::absent) return;
  const Result<Units> bps = parse_units(value.text, 0);  // 100, 1e2 and 100.0 are one number
  if (bps && *bps <= 10'000) {
    order.slippage_bps = static_cast<std::uint32_t>(*bps);
    return;
  }
  items.push_back({pointer_to(rules[slippage_bps].name), "out_of_range",
                   "must be a whole number from 0 to 10000"});
}

void check_names(const BodyReader& read, PlaceOrder& order, std::vector<ProblemItem>& items) {
  const Value& type = read.values[order_type];
  if (type.kind != Kind::absent && type.text != to_string(OrderType::market)) {
    items.push_back({pointer_to(rules[order_type].name), "unknown_type",
                     "must be \"market\", the only type there is"});
  }
  const Value& id = read.values[client_order_id];
  if (id.kind == Kind::absent) return;
  const bool printable =
      std::all_of(id.text.begin(), id.text.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (id.text.empty() || id.text.size() > client_order_id_max || !printable) {
    items.push_back({pointer_to(rules[client_order_id].name), "bad_text",
                     "must have 1 to 64 printable ASCII characters without spaces"});
    return;
  }
  order.client_order_id = id.text;
}

void check_expiry(const Value& value, WallTime now, bool keyed, PlaceOrder& order,
                  std::vector<ProblemItem>& items) {
  if (value.kind == Kind::absent) return;
  const Result<WallTime> time = parse_rfc3339(value.text);
  if (!time) {
    items.push_back({pointer_to(rules[expires_at].name), "not_a_time",
                     "must be an RFC 3339 time, as 2026-03-01T12:00:00Z"});
  } else if (*time <= now && !keyed) {
    items.push_back({pointer_to(rules[expires_at].name), "not_in_future", "has passed already"});
  } else {
    order.expires_at = *time;
  }
}

Problem order_problem(std::vector<ProblemItem> items) {
  Problem problem;
  problem.kind = &problems::invalid_order;
  problem.items = std::move(items);
  const ProblemItem& first = problem.items.front();
  problem.detail =
      (first.where.empty() ? "The body" : first.where.substr(1)) + " " + first.detail + ".";
  return problem;
}

// Empty: `read` holds the body's members.
std::optional<Problem> read_json(std::string_view body, BodyReader& read) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<BodyReader> parser(options);
  boost::system::error_code error;
  const std::size_t used = parser.write_some(false, body.data(), body.size(), error);
  read = std::move(parser.handler());
  if (error == json::error::exponent_overflow && read.current < member_count) {
    return order_problem({{pointer_to(rules[read.current].name), "out_of_range",
                           "has an exponent that no number needs"}});
  }
  Problem problem;
  problem.kind = &problems::invalid_json;
  if (error) {
    problem.detail =
        body.empty() ? "The body is empty." : "The body is not JSON: " + error.message() + ".";
    return problem;
  }
  if (used < body.size()) {
    problem.detail = "The body has something after its JSON value.";
    return problem;
  }
  if (read.outermost != Kind::object) {
    return order_problem({{"", "wrong_type", "must be a JSON object"}});
  }
  return std::nullopt;
}

}  // namespace

Swap check_swap(const SwapText& text, const TokenRegistry& tokens, std::string_view prefix,
                std::vector<ProblemItem>& items) {
  const auto where = [prefix](Member member) {
    return std::string(prefix) + std::string(rules[member].name);
  };
  Swap swap;
  const Token* input = check_token(text.input, tokens, where(input_token), items);
  const Token* output = check_token(text.output, tokens, where(output_token), items);
  if (input != nullptr) swap.input = *input;
  if (output != nullptr) swap.output = *output;
  if (input != nullptr && input == output) {
    items.push_back({where(output_token), "same_token", "must differ from inputToken"});
  }
  if (text.amount) check_amount(*text.amount, input, where(amount), swap, items);
  return swap;
}

std::variant<PlaceOrder, Problem> parse_order_body(std::string_view body,
                                                   const TokenRegistry& tokens, WallTime now,
                                                   bool keyed) {
  BodyReader read;
  if (auto problem = read_json(body, read)) return *std::move(problem);
  std::vector<ProblemItem> items;
  check_kinds(read, items);
  SwapText text;
  text.input = read.values[input_token].view();
  text.output = read.values[output_token].view();
  text.amount = read.values[amount].view();
  const Swap swap = check_swap(text, tokens, "/", items);
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
