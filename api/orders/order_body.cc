#include "api/orders/order_body.h"

#include <algorithm>
#include <array>

#include "api/http/json_body.h"
#include "core/order/decide.h"
#include "core/order/slices.h"

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
  limit_price,
  time_in_force,
  allow_partial,
  min_out,
  slices,
  interval,
  randomize,
  tags,
  trigger_price,
  trigger_when,
  min_liquidity,
  quote_id,
  output_amount,
  max_input,
  member_count,
};

const SwapNames pointers{"/inputToken", "/outputToken", "/amount"};

constexpr std::string_view type_expected =
    "must be one of the strings market, limit, stop, sniper and twap";
constexpr std::string_view number_expected = "must be a number, or a string with a decimal number";
constexpr std::string_view tags_expected = "must be an array of at most 8 strings";
constexpr std::array<MemberRule, member_count> rules = {{
    {"inputToken", true, true, false, "must be a token's symbol, a string"},
    {"outputToken", true, true, false, "must be a token's symbol, a string"},
    {"amount", false, true, true, number_expected},
    {"slippageBps", false, false, true, "must be a whole number from 0 to 10000"},
    {"type", false, true, false, type_expected},
    {"clientOrderId", false, true, false, "must be a string"},
    {"expiresAt", false, true, false, "must be a string with an RFC 3339 time"},
    {"limitPrice", false, true, true, number_expected},
    {"timeInForce", false, true, false, "must be one of the strings gtc, gtt, ioc and fok"},
    {"allowPartial", false, false, false, "must be true or false", JsonKind::boolean},
    {"minOut", false, true, true, number_expected},
    {"slices", false, false, true, "must be a whole number from 2 to 1000"},
    {"interval", false, true, false, "must be a string with a duration, such as 30s or 5m"},
    {"randomize", false, false, true, "must be a whole number from 0 to 100"},
    {"tags", false, false, false, tags_expected, JsonKind::array},
    {"triggerPrice", false, true, true, number_expected},
    {"triggerWhen", false, true, false, "must be the string \"atOrBelow\" or \"atOrAbove\""},
    {"minLiquidity", false, true, true, number_expected},
    {"quoteId", false, true, false, "must be a string"},
    {"outputAmount", false, true, true, number_expected},
    {"maxInput", false, true, true, number_expected},
}};

static_assert(member_count <= BodyMembers::names_max);

constexpr std::array<std::string_view, member_count> member_names = [] {
  std::array<std::string_view, member_count> names;
  for (std::size_t i = 0; i < member_count; ++i) names[i] = rules[i].name;
  return names;
}();

// The types that a body may have, each with the members that not every type has.
struct TypeRule {
  OrderType type;
  std::vector<Member> required;
  std::vector<Member> allowed;
};
const std::array type_rules = {
    TypeRule{OrderType::market, {}, {quote_id}},
    TypeRule{OrderType::limit, {limit_price}, {quote_id}},
    TypeRule{OrderType::stop, {trigger_price}, {trigger_when, limit_price}},
    TypeRule{OrderType::sniper, {}, {min_liquidity, limit_price}},
    TypeRule{OrderType::twap, {slices, interval}, {limit_price, randomize}},
};
constexpr std::array members_by_type = {limit_price, trigger_price, trigger_when, min_liquidity,
                                        slices,      interval,      randomize,    quote_id};

bool contains(const std::vector<Member>& members, Member member) {
  return std::find(members.begin(), members.end(), member) != members.end();
}

const Token* check_token(std::optional<std::string_view> symbol, const TokenRegistry& tokens,
                         std::string where, std::vector<ProblemItem>& items) {
  if (!symbol) return nullptr;
  const TokenInfo* info = tokens.find(*symbol);
  if (info != nullptr) return &info->token;
  items.push_back({std::move(where), "unknown_token", "is not a known token"});
  return nullptr;
}

// The members of a body while it becomes an order.
struct BodyReading {
  std::string_view body;
  const BodyMembers& read;
  PlaceOrder& order;
  std::vector<ProblemItem>& items;

  // In the body, also with an error.
  bool has(Member member) const { return read.values[member].kind != JsonKind::absent; }
  // Without an error; empty otherwise.
  std::optional<std::string_view> text(Member member) const { return read.values[member].view(); }
  std::string where(Member member) const { return pointer_to(rules[member].name); }
  void wrong(Member member, std::string_view code, std::string detail) {
    items.push_back({where(member), code, std::move(detail)});
  }

  // amount, or outputAmount with maxInput.
  void amounts();
  // The members that an exact output cannot have.
  void exact_output();
  // False: the type is not known, so nothing that depends on it can be checked.
  bool type();
  void type_members();
  void client_id();
  void slippage();
  void price();
  void trigger();
  void sliced();
  void time(WallTime now, bool keyed);
  void partial();
  void floor();
  void tag_texts();
  void quote();
};

void BodyReading::amounts() {
  if (!has(amount) && !has(output_amount))
    return wrong(amount, "required", "is required, or outputAmount");
  if (!has(output_amount)) {
    if (has(max_input)) wrong(max_input, "not_allowed", "is not allowed without outputAmount");
    return;
  }
  if (has(amount)) wrong(amount, "not_allowed", "is not allowed with outputAmount");
  if (!has(max_input)) wrong(max_input, "required", "is required with outputAmount");
  const auto token = [](const Token& known) {
    return known.symbol.view().empty() ? nullptr : &known;
  };
  if (const auto given = text(output_amount))
    if (const auto exact = check_amount(*given, token(order.output), where(output_amount),
                                        ExcessDigits::refused, items))
      order.exact_out = exact->units;
  if (const auto given = text(max_input))
    if (const auto most = check_amount(*given, token(order.input), where(max_input),
                                       ExcessDigits::refused, items))
      order.amount_in = *most;
}

void BodyReading::exact_output() {
  if (!has(output_amount)) return;
  if (order.type == OrderType::twap)
    wrong(output_amount, "not_allowed", "is not allowed for a twap order, which sells slices");
  if (has(min_out))
    wrong(min_out, "not_allowed", "is not allowed with outputAmount, which is the least output");
  if (read.values[allow_partial].text == "true")
    wrong(allow_partial, "not_allowed",
          "must not be true with outputAmount: one transaction yields all of it");
  order.allow_partial = false;
}

bool BodyReading::type() {
  if (!has(order_type)) return true;
  const auto given = text(order_type);
  if (!given) return false;
  const auto rule = std::find_if(type_rules.begin(), type_rules.end(), [&](const TypeRule& each) {
    return to_string(each.type) == *given;
  });
  const bool known = rule != type_rules.end();
  if (!known) wrong(order_type, "unknown_type", std::string(type_expected));
  if (known) order.type = rule->type;
  return known;
}

void BodyReading::type_members() {
  const auto rule = std::find_if(type_rules.begin(), type_rules.end(),
                                 [&](const TypeRule& each) { return each.type == order.type; });
  const std::string type = " for a " + std::string(to_string(order.type)) + " order";
  for (const Member member : members_by_type) {
    const bool required = contains(rule->required, member);
    if (required && !has(member)) wrong(member, "required", "is required" + type);
    if (!required && !contains(rule->allowed, member) && has(member))
      wrong(member, "not_allowed", "is not allowed" + type);
  }
}

void BodyReading::client_id() {
  const auto id = text(client_order_id);
  if (!id) return;
  if (id->empty() || id->size() > client_order_id_max || !is_client_order_id_text(*id))
    return wrong(client_order_id, "bad_text",
                 "must have 1 to 64 printable ASCII characters without spaces");
  order.client_order_id = *id;
}

void BodyReading::slippage() {
  if (has(limit_price)) order.slippage_bps = 10'000;
  const auto given = text(slippage_bps);
  if (!given) return;
  if (const auto bps = check_slippage(*given, where(slippage_bps), items))
    order.slippage_bps = *bps;
}

void BodyReading::price() {
  if (order.type == OrderType::market) return;
  if (const auto given = text(limit_price))
    order.limit_price = check_price(*given, where(limit_price), items);
  const bool swap_known = order.amount_in.units > 0 && !order.output.symbol.view().empty();
  if (order.limit_price && order.exact_out && !order.input.symbol.view().empty()) {
    const Decimal exact{*order.exact_out, order.output.decimals};
    if (input_at(*order.limit_price, exact, order.input.decimals) == 0)
      wrong(limit_price, "out_of_range",
            "leaves less than one base unit of the input for the outputAmount");
  } else if (order.limit_price && !has(output_amount) && swap_known) {
    check_output_at(*order.limit_price, order.amount_in, order.output, where(limit_price), items);
  }
}

void BodyReading::trigger() {
  TypeTerms& terms = order.type_terms;
  if (order.type == OrderType::stop) {
    terms.trigger.emplace();
    if (const auto given = text(trigger_price))
      terms.trigger->price =
          check_price(*given, where(trigger_price), items).value_or(terms.trigger->price);
    if (const auto given = text(trigger_when)) {
      const auto when = parse_trigger_when(*given);
      if (!when) wrong(trigger_when, "unknown_value", R"(must be "atOrBelow" or "atOrAbove")");
      terms.trigger->when = when.value_or(TriggerWhen::at_or_below);
    }
  }
  const auto least = text(min_liquidity);
  if (!least || order.type != OrderType::sniper) return;
  const Token* token = order.output.symbol.view().empty() ? nullptr : &order.output;
  terms.min_liquidity =
      check_amount(*least, token, where(min_liquidity), ExcessDigits::refused, items);
}

void BodyReading::sliced() {
  if (order.type != OrderType::twap) return;
  SliceTerms terms;
  if (const auto given = text(slices))
    terms.count = check_whole(*given, slices_min, slices_max, where(slices), items).value_or(0);
  if (const auto given = text(interval))
    terms.interval =
        check_duration(*given, slice_interval_min, slice_interval_max, where(interval), items)
            .value_or(Micros{0});
  if (const auto given = text(randomize))
    terms.randomize_percent =
        static_cast<std::uint8_t>(check_whole(*given, 0, 100, where(randomize), items).value_or(0));
  order.type_terms.slices = terms;
}

void BodyReading::time(WallTime now, bool keyed) {
  if (const auto given = text(expires_at))
    order.expires_at = check_expiry(*given, now, keyed, where(expires_at), items);
  if (!has(time_in_force)) {
    if (order.type != OrderType::market)
      order.time_in_force = has(expires_at) ? TimeInForce::gtt : TimeInForce::gtc;
    return;
  }
  const auto given = text(time_in_force);
  if (!given) return;
  const auto force = parse_time_in_force(*given);
  if (!force)
    return wrong(time_in_force, "unknown_time_in_force", "must be one of gtc, gtt, ioc and fok");
  order.time_in_force = *force;
  const bool immediate = *force == TimeInForce::ioc || *force == TimeInForce::fok;
  if (order.type == OrderType::twap && immediate)
    return wrong(time_in_force, "not_allowed", "must be gtc or gtt for a twap order");
  if (*force == TimeInForce::gtc && order.type == OrderType::market)
    return wrong(time_in_force, "not_allowed", "must not be gtc for a market order");
  if (*force == TimeInForce::gtc && has(expires_at))
    wrong(expires_at, "not_allowed", "is not allowed with timeInForce gtc");
  if (*force == TimeInForce::gtt && !has(expires_at))
    wrong(expires_at, "required", "is required with timeInForce gtt");
}

void BodyReading::partial() {
  const bool given = read.values[allow_partial].kind == JsonKind::boolean;
  const bool allowed = given && read.values[allow_partial].text == "true";
  const bool sliced = order.type == OrderType::twap;  // each slice is a part
  order.allow_partial = allowed || sliced || order.time_in_force == TimeInForce::ioc;
  if (given && !allowed && sliced)
    wrong(allow_partial, "not_allowed", "must not be false for a twap order");
  if (allowed && order.time_in_force == TimeInForce::fok)
    wrong(allow_partial, "not_allowed", "must not be true with timeInForce fok");
  if (given && !allowed && order.time_in_force == TimeInForce::ioc && !has(output_amount))
    wrong(allow_partial, "not_allowed", "must not be false with timeInForce ioc");
}

void BodyReading::floor() {
  const auto given = text(min_out);
  if (!given) return;
  const Token* token = order.output.symbol.view().empty() ? nullptr : &order.output;
  if (const auto amount = check_amount(*given, token, where(min_out), ExcessDigits::refused, items))
    order.min_out_floor = amount->units;
}

void BodyReading::tag_texts() {
  const auto refused = [&](const ProblemItem& item) { return item.where == where(tags); };
  if (!has(tags) || std::any_of(items.begin(), items.end(), refused)) return;
  auto texts = texts_inside(body, rules[tags].name);
  if (!texts) return wrong(tags, "wrong_type", std::string(tags_expected));
  if (texts->size() > tags_max) return wrong(tags, "too_many", std::string(tags_expected));
  for (std::size_t i = 0; i < texts->size(); ++i) {
    const std::string& tag = (*texts)[i];
    const std::string where_it_is = where(tags) + "/" + std::to_string(i);
    if (tag.empty() || tag.size() > tag_bytes_max || !is_client_order_id_text(tag))
      items.push_back(
          {where_it_is, "bad_text", "must have 1 to 32 printable ASCII characters without spaces"});
    if (std::count(texts->begin(), texts->begin() + static_cast<std::ptrdiff_t>(i), tag) > 0)
      items.push_back({where_it_is, "duplicate", "is given more than once"});
  }
  order.tags = *std::move(texts);
}

// The log stores no longer one.
constexpr std::size_t quote_id_bytes_max = 255;

void BodyReading::quote() {
  const auto given = text(quote_id);
  if (!given) return;
  if (given->empty() || given->size() > quote_id_bytes_max)
    return wrong(quote_id, "invalid_quote_id",
                 "must have 1 to " + std::to_string(quote_id_bytes_max) + " bytes");
  order.quote.id = *given;
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
  if (!text.amount) return swap;
  if (const auto amount = check_amount(*text.amount, input, names.amount, excess, items))
    swap.amount_in = *amount;
  return swap;
}

std::variant<PlaceOrder, Problem> parse_order_body(std::string_view body,
                                                   const TokenRegistry& tokens, WallTime now,
                                                   bool keyed) {
  auto members = read_members(body, member_names);
  if (auto* problem = std::get_if<Problem>(&members)) return std::move(*problem);
  auto& read = std::get<BodyMembers>(members);
  std::vector<ProblemItem> items;
  check_kinds(rules, read, "an order", items);
  SwapText text;
  text.input = read.values[input_token].view();
  text.output = read.values[output_token].view();
  text.amount = read.values[amount].view();
  const SwapRequest swap = check_swap(text, tokens, pointers, items);
  PlaceOrder order;
  order.input = swap.input;
  order.output = swap.output;
  order.amount_in = swap.amount_in;
  BodyReading reading{body, read, order, items};
  reading.amounts();
  const bool typed = reading.type();
  reading.client_id();
  reading.slippage();
  if (typed) {
    reading.type_members();
    reading.price();
    reading.trigger();
    reading.sliced();
    reading.time(now, keyed || !order.client_order_id.empty());
    reading.partial();
    reading.exact_output();
  }
  reading.floor();
  reading.tag_texts();
  reading.quote();
  if (!items.empty()) return order_problem(std::move(items));
  return order;
}

}  // namespace oee
