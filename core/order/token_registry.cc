#include "core/order/token_registry.h"

#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>
#include <limits>

namespace oee {

namespace embedded {
extern const char* const tokens_json;
}

namespace {

namespace json = boost::json;

constexpr std::size_t tokens_max = 64;
constexpr std::size_t venues_max = 16;
constexpr std::int64_t price_offset_bps_max = 2'000;
constexpr Units pool_side_min = 1'000'000;
constexpr Units pool_side_max = Units{1} << 62;

Error wrong(const std::string& where, const std::string& what) {
  return Error{Errc::invalid, "token registry: " + where + " " + what};
}

// The members of one JSON object, read by name. only() refuses members with other names.
class Members {
 public:
  Members(const json::object& object, std::string where)
      : object_(object), where_(std::move(where)) {}

  Result<std::string> text(const char* key, std::size_t size_max) const {
    const json::value* value = object_.if_contains(key);
    if (!value || !value->is_string()) return wrong(path(key), "must be a string");
    const auto& found = value->get_string();
    if (found.empty() || found.size() > size_max) {
      return wrong(path(key), "must have 1 to " + std::to_string(size_max) + " characters");
    }
    return std::string(found.data(), found.size());
  }

  Result<std::int64_t> integer(const char* key, std::int64_t min, std::int64_t max) const {
    const json::value* value = object_.if_contains(key);
    std::int64_t number = 0;
    bool taken = value && value->is_int64();
    if (taken) number = value->get_int64();
    taken = taken && number >= min && number <= max;
    if (!taken) {
      return wrong(path(key),
                   "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return number;
  }

  // `otherwise` when there is no such member.
  Result<bool> yes_or_no(const char* key, bool otherwise) const {
    const json::value* value = object_.if_contains(key);
    if (!value) return otherwise;
    if (!value->is_bool()) return wrong(path(key), "must be true or false");
    return value->get_bool();
  }

  Result<PoolKind> pool_kind(const char* key) const {
    if (!object_.if_contains(key)) return PoolKind::constant_product;
    OEE_TRY_ASSIGN(const std::string name, text(key, 32));
    if (const auto kind = pool_kind_of(name)) return *kind;
    return wrong(path(key), "must be constantProduct, stableSwap, bins or ticks");
  }

  Result<void> only(std::initializer_list<std::string_view> keys) const {
    for (const auto& member : object_) {
      const std::string_view key(member.key().data(), member.key().size());
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        return wrong(path(std::string(key).c_str()), "is not a known member");
      }
    }
    return {};
  }

  std::string path(const char* key) const { return where_ + "." + key; }

 private:
  const json::object& object_;
  const std::string where_;
};

bool is_symbol(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

bool is_venue_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// A plain decimal ("0.000025"). Its scale is the number of its digits after the point.
Result<Decimal> parse_price(const std::string& text, const std::string& where) {
  const auto point = text.find('.');
  const std::size_t fraction = point == std::string::npos ? 0 : text.size() - point - 1;
  const bool plain = text.find_first_not_of("0123456789.") == std::string::npos;
  if (!plain || fraction > decimal_scale_max) return wrong(where, "must be a plain decimal");
  Decimal price;
  price.scale = static_cast<std::uint8_t>(fraction);
  auto units = parse_units(text, price.scale);
  if (!units) return wrong(where, "is not a price: " + units.error().detail);
  if (*units == 0) return wrong(where, "must be above zero");
  price.units = *units;
  return price;
}

Result<TokenInfo> parse_token(const json::value& value, const std::string& where) {
  if (!value.is_object()) return wrong(where, "must be an object");
  const Members members(value.get_object(), where);
  OEE_TRY(members.only({"symbol", "name", "decimals", "reference_price", "mint", "pools"}));
  TokenInfo token;
  OEE_TRY_ASSIGN(const std::string symbol, members.text("symbol", Symbol::size_max));
  if (!is_symbol(symbol))
    return wrong(members.path("symbol"), "may hold letters, digits, . _ - only");
  token.token.symbol = Symbol(symbol);
  OEE_TRY_ASSIGN(const std::int64_t decimals, members.integer("decimals", 0, decimal_scale_max));
  token.token.decimals = static_cast<std::uint8_t>(decimals);
  OEE_TRY_ASSIGN(token.name, members.text("name", 64));
  OEE_TRY_ASSIGN(token.mint, members.text("mint", 64));
  OEE_TRY_ASSIGN(const std::string price, members.text("reference_price", 40));
  OEE_TRY_ASSIGN(token.reference_price, parse_price(price, members.path("reference_price")));
  OEE_TRY_ASSIGN(token.pools, members.yes_or_no("pools", true));
  return token;
}

Result<VenueInfo> parse_venue(const json::value& value, const std::string& where) {
  if (!value.is_object()) return wrong(where, "must be an object");
  const Members members(value.get_object(), where);
  OEE_TRY(members.only({"name", "fee_per_million", "depth_usd", "price_offset_bps", "pool_kind"}));
  VenueInfo venue;
  OEE_TRY_ASSIGN(const std::string name, members.text("name", VenueName::size_max));
  if (!is_venue_name(name)) {
    return wrong(members.path("name"), "may hold lower-case letters, digits, _ - only");
  }
  venue.name = VenueName(name);
  OEE_TRY_ASSIGN(const std::int64_t fee, members.integer("fee_per_million", 0, 100'000));
  venue.fee_per_million = static_cast<std::uint32_t>(fee);
  OEE_TRY_ASSIGN(const std::int64_t depth, members.integer("depth_usd", 1, 1'000'000'000'000));
  venue.depth_usd = static_cast<std::uint64_t>(depth);
  OEE_TRY_ASSIGN(const std::int64_t offset,
                 members.integer("price_offset_bps", -price_offset_bps_max, price_offset_bps_max));
  venue.price_offset_bps = static_cast<std::int32_t>(offset);
  OEE_TRY_ASSIGN(venue.pool_kind, members.pool_kind("pool_kind"));
  return venue;
}

Result<const json::array*> array_of(const json::object& root, const char* key, std::size_t size_min,
                                    std::size_t size_max) {
  const json::value* value = root.if_contains(key);
  if (!value || !value->is_array()) return wrong(key, "must be an array");
  const json::array& array = value->get_array();
  if (array.size() < size_min || array.size() > size_max) {
    return wrong(key, "must have " + std::to_string(size_min) + " to " + std::to_string(size_max) +
                          " elements");
  }
  return &array;
}

std::string element(const char* array, std::size_t index) {
  return std::string(array) + "[" + std::to_string(index) + "]";
}

Result<void> check_depth(const VenueInfo& venue, const TokenInfo& token, const std::string& where) {
  const auto side = units_worth(venue.depth_usd, token);
  if (side && *side >= pool_side_min && *side <= pool_side_max) return {};
  return wrong(where + ".depth_usd", "gives a pool side outside 10^6..2^62 base units for " +
                                         std::string(token.token.symbol.view()));
}

}  // namespace

Result<Units> units_worth(std::uint64_t usd, const TokenInfo& token) {
  // usd * 10^decimals / (units / 10^scale). 64 bits times 10^18 stay below 2^124; times 10^scale
  // may not fit 128 bits.
  U128 worth = usd;
  for (int i = 0; i < token.token.decimals; ++i) worth *= 10;
  for (int i = 0; i < token.reference_price.scale; ++i) {
    if (worth > ~U128(0) / 10) {
      return Error{Errc::full, "the worth does not fit 64 bits"};
    }
    worth *= 10;
  }
  worth /= token.reference_price.units;
  if (worth > std::numeric_limits<Units>::max()) {
    return Error{Errc::full, "the worth does not fit 64 bits"};
  }
  return static_cast<Units>(worth);
}

Result<TokenRegistry> TokenRegistry::parse(std::string_view text) {
  json::error_code failed;
  json::parse_options options;
  options.max_depth = 8;
  const json::value document =
      json::parse(json::string_view(text.data(), text.size()), failed, {}, options);
  if (failed) return wrong("the text", "is not JSON: " + failed.message());
  if (!document.is_object()) return wrong("the text", "must be an object");
  const json::object& root = document.get_object();
  OEE_TRY(Members(root, "the text").only({"tokens", "venues"}));

  TokenRegistry registry;
  OEE_TRY_ASSIGN(const json::array* tokens, array_of(root, "tokens", 2, tokens_max));
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    OEE_TRY_ASSIGN(TokenInfo token, parse_token((*tokens)[i], element("tokens", i)));
    if (registry.find(token.token.symbol)) {
      return wrong(element("tokens", i) + ".symbol", "is there twice");
    }
    registry.tokens_.push_back(std::move(token));
  }
  OEE_TRY_ASSIGN(const json::array* venues, array_of(root, "venues", 1, venues_max));
  for (std::size_t i = 0; i < venues->size(); ++i) {
    const std::string where = element("venues", i);
    OEE_TRY_ASSIGN(const VenueInfo venue, parse_venue((*venues)[i], where));
    for (const VenueInfo& earlier : registry.venues_) {
      if (earlier.name == venue.name) return wrong(where + ".name", "is there twice");
    }
    for (const TokenInfo& token : registry.tokens_) OEE_TRY(check_depth(venue, token, where));
    registry.venues_.push_back(venue);
  }
  return registry;
}

const TokenRegistry& TokenRegistry::defaults() {
  static const TokenRegistry registry = [] {
    auto parsed = parse(embedded::tokens_json);
    check(parsed.ok(), "the embedded schemas/tokens.json is not a valid registry");
    return *std::move(parsed);
  }();
  return registry;
}

const TokenInfo* TokenRegistry::find(std::string_view symbol) const {
  for (const TokenInfo& token : tokens_) {
    if (token.token.symbol == symbol) return &token;
  }
  return nullptr;
}

}  // namespace oee
