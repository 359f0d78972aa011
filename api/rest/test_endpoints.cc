// Test endpoints: the simulated venues' prices, pools and silence, set by hand. They are served
// with --enable-test-endpoints.
#include <array>

#include "api/http/json_body.h"
#include "api/http/request_headers.h"
#include "api/rest/endpoints.h"
#include "core/base/json_writer.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;
using enum Route::Needs;

class TestEndpoints {
 public:
  TestEndpoints(MarketControl* market, const TokenRegistry& tokens)
      : market_(market), tokens_(tokens) {}

  Task<HttpAnswer> move_market(Call call);
  Task<HttpAnswer> open_pool(Call call);
  Task<HttpAnswer> silence(Call call);

  using Row = EndpointRoute<TestEndpoints>;
  static constexpr std::array routes = {
      Row{{verb::post, "/test/market", AccessRole::operate, none, test_endpoints},
          &TestEndpoints::move_market},
      Row{{verb::post, "/test/pools", AccessRole::operate, none, test_endpoints},
          &TestEndpoints::open_pool},
      Row{{verb::post, "/test/venues/{id}", AccessRole::operate, none, test_endpoints},
          &TestEndpoints::silence},
  };

 private:
  std::optional<HttpAnswer> refusal(const Call& call) const;
  std::optional<VenueName> venue_named(std::string_view name) const;
  std::optional<VenueName> read_venue(const BodyMember& value,
                                      std::vector<ProblemItem>& items) const;
  struct Pair {
    Token input;
    Token output;
  };
  Pair read_pair(const BodyMember& input, const BodyMember& output,
                 std::vector<ProblemItem>& items) const;

  MarketControl* const market_;
  const TokenRegistry& tokens_;
};

HttpAnswer invalid(std::vector<ProblemItem> items, const Call& call) {
  Problem problem;
  problem.kind = &problems::invalid;
  problem.detail = items.front().where.substr(1) + ": " + items.front().detail;
  problem.items = std::move(items);
  return answer_of(problem, call.request_id);
}

struct MemberRule {
  std::string_view name;
  JsonKind kind;
  bool required;
};

// The errors of members as such. A member with an error is then absent.
std::vector<ProblemItem> check_members(BodyMembers& read, std::span<const MemberRule> rules) {
  std::vector<ProblemItem> items;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const MemberRule& rule = rules[i];
    BodyMember& value = read.values[i];
    const std::string where = pointer_to(rule.name);
    if (value.repeated) {
      items.push_back({where, "duplicate_key", "is given more than once"});
    } else if (value.kind == JsonKind::absent) {
      if (rule.required) items.push_back({where, "required", "is required"});
    } else if (value.kind != rule.kind) {
      items.push_back(
          {where, "wrong_type",
           rule.kind == JsonKind::boolean ? "must be true or false" : "must be a string"});
    } else if (value.too_long) {
      items.push_back({where, "too_long", "is too long"});
    } else {
      continue;
    }
    value.kind = JsonKind::absent;
  }
  for (const std::string& name : read.unknown)
    items.push_back({pointer_to(name), "unknown_member", "is not a member of this request"});
  return items;
}

// The decimal with the fewest digits. invalid: not a decimal, or none of 18 decimals and 64 bits.
Result<Decimal> parse_price(std::string_view text) {
  for (std::uint8_t scale = 0;; ++scale) {
    const Result<Units> units = parse_units(text, scale);
    if (units) return Decimal{*units, scale};
    if (units.error().code != Errc::invalid || scale == decimal_scale_max) return units.error();
  }
}

// The members, or the refusal of a body that is no JSON object.
std::variant<BodyMembers, HttpAnswer> read_body(const Call& call,
                                                std::span<const std::string_view> names) {
  if (!is_json(call.request))
    return refused(problems::media_type, "Send the body as application/json in UTF-8.", call);
  auto read = read_members(call.request.body(), names);
  if (auto* members = std::get_if<BodyMembers>(&read)) return std::move(*members);
  Problem problem = std::get<Problem>(std::move(read));
  if (problem.kind == &problems::invalid_order) problem.kind = &problems::invalid;
  return answer_of(problem, call.request_id);
}

// --- Prices --------------------------------------------------------------------------------------

constexpr std::array<MemberRule, 4> move_rules = {{{"inputToken", JsonKind::text, true},
                                                   {"outputToken", JsonKind::text, true},
                                                   {"price", JsonKind::text, true},
                                                   {"venue", JsonKind::text, false}}};

template <std::size_t N>
constexpr std::array<std::string_view, N> names_of(const std::array<MemberRule, N>& rules) {
  std::array<std::string_view, N> names;
  for (std::size_t i = 0; i < N; ++i) names[i] = rules[i].name;
  return names;
}
constexpr auto move_names = names_of(move_rules);

std::optional<Token> read_token(const BodyMember& value, std::string_view name,
                                const TokenRegistry& tokens, std::vector<ProblemItem>& items) {
  if (value.kind == JsonKind::absent) return std::nullopt;
  if (const TokenInfo* info = tokens.find(value.text)) return info->token;
  items.push_back({pointer_to(name), "unknown_token", "is not a known token"});
  return std::nullopt;
}

std::optional<HttpAnswer> TestEndpoints::refusal(const Call& call) const {
  if (market_ != nullptr) return std::nullopt;
  return refused(problems::gateway,
                 "This process runs with --role gateway and has no venues; send the request to the "
                 "engine (--role all).",
                 call);
}

std::optional<VenueName> TestEndpoints::venue_named(std::string_view name) const {
  for (const VenueInfo& venue : tokens_.venues())
    if (venue.name.view() == name) return venue.name;
  return std::nullopt;
}

std::optional<VenueName> TestEndpoints::read_venue(const BodyMember& value,
                                                   std::vector<ProblemItem>& items) const {
  if (value.kind == JsonKind::absent) return std::nullopt;
  const std::optional<VenueName> venue = venue_named(value.text);
  if (!venue) items.push_back({"/venue", "unknown_venue", "is not a known venue"});
  return venue;
}

TestEndpoints::Pair TestEndpoints::read_pair(const BodyMember& input, const BodyMember& output,
                                             std::vector<ProblemItem>& items) const {
  Pair pair;
  if (const auto token = read_token(input, "inputToken", tokens_, items)) pair.input = *token;
  if (const auto token = read_token(output, "outputToken", tokens_, items)) pair.output = *token;
  if (items.empty() && pair.input == pair.output)
    items.push_back({"/outputToken", "same_token", "must differ from inputToken"});
  return pair;
}

// Zero when it has an error.
Decimal read_price(const BodyMember& value, std::vector<ProblemItem>& items) {
  if (value.kind == JsonKind::absent) return {};
  const Result<Decimal> parsed = parse_price(value.text);
  if (!parsed) {
    items.push_back({"/price", "not_a_price", parsed.error().detail});
  } else if (parsed->units == 0) {
    items.push_back({"/price", "not_positive", "must be greater than zero"});
  } else {
    return *parsed;
  }
  return {};
}

Task<HttpAnswer> TestEndpoints::move_market(Call call) {
  if (auto no_venues = refusal(call)) co_return *std::move(no_venues);
  auto body = read_body(call, move_names);
  if (auto* answer = std::get_if<HttpAnswer>(&body)) co_return std::move(*answer);
  auto& read = std::get<BodyMembers>(body);
  std::vector<ProblemItem> items = check_members(read, move_rules);
  const Pair pair = read_pair(read.values[0], read.values[1], items);
  MarketMove move;
  move.input = pair.input;
  move.output = pair.output;
  move.price = read_price(read.values[2], items);
  move.venue = read_venue(read.values[3], items);
  if (!items.empty()) co_return invalid(std::move(items), call);
  const auto moved = co_await market_->move_market(std::move(move));
  if (!moved && moved.error().code == Errc::full) {
    items.push_back({"/price", "out_of_range", moved.error().detail});
    co_return invalid(std::move(items), call);
  }
  if (!moved) co_return failed(moved.error(), false, call);
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("prices").object([&] {
      for (const VenuePrice& reached : *moved)
        json.key(reached.venue.view()).text(to_text(reached.price));
    });
  });
  co_return answer;
}

// --- Pools ---------------------------------------------------------------------------------------

constexpr std::array<MemberRule, 6> pool_rules = {{{"venue", JsonKind::text, true},
                                                   {"inputToken", JsonKind::text, true},
                                                   {"outputToken", JsonKind::text, true},
                                                   {"price", JsonKind::text, true},
                                                   {"liquidity", JsonKind::text, true},
                                                   {"kind", JsonKind::text, false}}};
constexpr auto pool_names = names_of(pool_rules);

// In base units of a token; zero when it has an error.
Units read_liquidity(const BodyMember& value, const Token& token, std::vector<ProblemItem>& items) {
  if (value.kind == JsonKind::absent || token.symbol.view().empty()) return 0;
  const Result<Units> units = parse_units(value.text, token.decimals);
  if (!units) {
    items.push_back({"/liquidity", "not_an_amount", units.error().detail});
  } else if (*units < pool_side_min || *units > pool_side_max) {
    const Decimal least{pool_side_min, token.decimals};
    const Decimal most{pool_side_max, token.decimals};
    items.push_back(
        {"/liquidity", "out_of_range", "must be from " + to_text(least) + " to " + to_text(most)});
  } else {
    return *units;
  }
  return 0;
}

PoolKind read_kind(const BodyMember& value, std::vector<ProblemItem>& items) {
  if (value.kind == JsonKind::absent) return PoolKind::constant_product;
  if (const auto kind = pool_kind_of(value.text)) return *kind;
  items.push_back(
      {"/kind", "unknown_kind", "must be one of constantProduct, stableSwap, bins and ticks"});
  return PoolKind::constant_product;
}

Task<HttpAnswer> TestEndpoints::open_pool(Call call) {
  if (auto no_venues = refusal(call)) co_return *std::move(no_venues);
  auto body = read_body(call, pool_names);
  if (auto* answer = std::get_if<HttpAnswer>(&body)) co_return std::move(*answer);
  auto& read = std::get<BodyMembers>(body);
  std::vector<ProblemItem> items = check_members(read, pool_rules);
  const Pair pair = read_pair(read.values[1], read.values[2], items);
  PoolOpening opening;
  opening.venue = read_venue(read.values[0], items).value_or(VenueName());
  opening.input = pair.input;
  opening.output = pair.output;
  opening.price = read_price(read.values[3], items);
  opening.liquidity = read_liquidity(read.values[4], pair.output, items);
  opening.kind = read_kind(read.values[5], items);
  if (!items.empty()) co_return invalid(std::move(items), call);
  const auto opened = co_await market_->open_pool(std::move(opening));
  if (!opened && opened.error().code == Errc::invalid)
    items.push_back({"/price", "out_of_range", opened.error().detail});
  if (!opened && opened.error().code == Errc::full)
    items.push_back({"/venue", "too_many_pools", opened.error().detail});
  if (!items.empty()) co_return invalid(std::move(items), call);
  if (!opened) co_return failed(opened.error(), false, call);
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("pool").number(opened->pool);
    json.key("venue").text(opened->venue.view());
    json.key("kind").text(to_string(opened->kind));
    json.key("price").text(to_text(opened->price));
  });
  co_return answer;
}

// --- Silence -------------------------------------------------------------------------------------

constexpr std::array<MemberRule, 1> silence_rules = {{{"silent", JsonKind::boolean, true}}};
constexpr auto silence_names = names_of(silence_rules);

Task<HttpAnswer> TestEndpoints::silence(Call call) {
  if (auto no_venues = refusal(call)) co_return *std::move(no_venues);
  const std::optional<VenueName> venue = venue_named(call.id);
  if (!venue) co_return refused(problems::not_found, "There is no such venue.", call);
  auto body = read_body(call, silence_names);
  if (auto* answer = std::get_if<HttpAnswer>(&body)) co_return std::move(*answer);
  auto& read = std::get<BodyMembers>(body);
  std::vector<ProblemItem> items = check_members(read, silence_rules);
  if (!items.empty()) co_return invalid(std::move(items), call);
  const bool silent = read.values[0].text == "true";
  market_->silence(*venue, silent);
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key("venue").text(venue->view());
    json.key("silent").boolean(silent);
  });
  co_return answer;
}

}  // namespace

std::unique_ptr<RouteGroup> test_routes(MarketControl* market, const TokenRegistry& tokens) {
  return std::make_unique<EndpointGroup<TestEndpoints>>(market, tokens);
}

}  // namespace oee
