#include "projections/postgres/event_json.h"

#include <boost/json.hpp>

#include "projections/postgres/exact_text.h"

namespace oee {
namespace {

namespace json = boost::json;

// The members of one object, read by name. Keeps the name of the first one that is missing or
// wrong.
class Members {
 public:
  Members(const json::object& object, const std::optional<TokenPair>& tokens, std::string* problem)
      : object_(object), tokens_(tokens), problem_(problem) {}

  bool has(std::string_view name) const { return object_.contains(name); }

  std::string_view text(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    if (value != nullptr && value->is_string()) return value->get_string();
    fail(name);
    return {};
  }
  std::string optional_text(std::string_view name) const {
    return has(name) ? std::string(text(name)) : std::string();
  }
  template <class N>
  N number(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    json::error_code error;
    const N result = value == nullptr ? N{} : value->to_number<N>(error);
    if (value == nullptr || error) fail(name);
    return result;
  }
  Decimal decimal(std::string_view name, std::uint8_t scale) const {
    return parsed(name, parse_exact_decimal(text(name), scale));
  }
  Decimal input_amount(std::string_view name) const {
    return decimal(name, tokens_ ? tokens_->input.decimals : 0);
  }
  Decimal output_amount(std::string_view name) const {
    return decimal(name, tokens_ ? tokens_->output.decimals : 0);
  }
  WallTime time(std::string_view name) const { return parsed(name, parse_rfc3339(text(name))); }
  TxHash tx_hash(std::string_view name) const { return parsed(name, parse_tx_hash(text(name))); }
  template <std::size_t N>
  FixedText<N> fixed(std::string_view name) const {
    const std::string_view value = text(name);
    if (value.size() <= N) return FixedText<N>(value);
    fail(name);
    return {};
  }
  // `parse` returns an optional for the text.
  template <class Parse>
  auto name(std::string_view name, Parse parse) const {
    const auto value = parse(text(name));
    using Value = std::decay_t<decltype(*value)>;
    if (!value) fail(name);
    return value.value_or(Value{});
  }
  ErrorClass error_class(std::string_view name) const {
    return this->name(name, parse_error_class);
  }
  bool boolean(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    if (value != nullptr && value->is_bool()) return value->get_bool();
    fail(name);
    return false;
  }
  bool is_null(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value != nullptr && value->is_null();
  }
  template <class T>
  T parsed(std::string_view name, Result<T> value) const {
    if (value) return *std::move(value);
    fail(name);
    return T{};
  }
  Hash256 hash(std::string_view name) const {
    Hash256 hash{};
    const auto bytes = from_hex(text(name));
    if (bytes && bytes->size() == hash.size()) {
      std::copy(bytes->begin(), bytes->end(), hash.begin());
    } else {
      fail(name);
    }
    return hash;
  }
  const json::array& array(std::string_view name) const {
    static const json::array none;
    const json::value* value = object_.if_contains(name);
    if (value != nullptr && value->is_array()) return value->get_array();
    fail(name);
    return none;
  }
  // "all", or an object of one member.
  std::pair<HaltScope, std::string> halt_scope(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    if (value != nullptr && value->is_string() && value->get_string() == "all") return {};
    if (value != nullptr && value->is_object() && value->get_object().size() == 1) {
      const auto& member = *value->get_object().begin();
      const auto scope = parse_halt_scope({member.key().data(), member.key().size()});
      if (scope && member.value().is_string())
        return {*scope, std::string(member.value().get_string())};
    }
    fail(name);
    return {};
  }
  // An element of the array `name`.
  Members inner(std::string_view name, const json::value& value) const {
    static const json::object none;
    if (!value.is_object()) fail(name);
    return Members(value.is_object() ? value.get_object() : none, tokens_, problem_);
  }
  const std::optional<TokenPair>& tokens() const { return tokens_; }
  void fail(std::string_view name) const {
    if (problem_->empty()) *problem_ = name;
  }

 private:
  const json::object& object_;
  const std::optional<TokenPair>& tokens_;
  std::string* problem_;
};

void read(const Members& in, TypeTerms& terms) {
  if (in.has("triggerPrice"))
    terms.trigger = {in.decimal("triggerPrice", 0), in.name("triggerWhen", parse_trigger_when)};
  if (in.has("minLiquidity")) terms.min_liquidity = in.output_amount("minLiquidity");
  if (!in.has("slices")) return;
  auto& slices = terms.slices.emplace();
  slices.count = in.number<std::uint32_t>("slices");
  slices.interval = in.parsed("interval", parse_duration(in.text("interval")));
  if (in.has("randomize")) slices.randomize_percent = in.number<std::uint8_t>("randomize");
}

std::vector<std::string> read_tags(const Members& in) {
  std::vector<std::string> tags;
  if (!in.has("tags")) return tags;
  for (const json::value& tag : in.array("tags")) {
    if (!tag.is_string()) in.fail("tags");
    if (tag.is_string()) tags.emplace_back(std::string_view(tag.get_string()));
  }
  return tags;
}

void read(const Members& in, OrderAccepted& e) {
  e.account = in.text("account");
  e.idempotency_key = in.optional_text("idempotencyKey");
  e.client_order_id = in.optional_text("clientOrderId");
  e.input.symbol = in.fixed<Symbol::size_max>("inputToken");
  e.output.symbol = in.fixed<Symbol::size_max>("outputToken");
  if (in.tokens()) {
    e.input.decimals = in.tokens()->input.decimals;
    e.output.decimals = in.tokens()->output.decimals;
  }
  e.amount_in = in.input_amount("amountIn");
  e.slippage_bps = in.number<std::uint32_t>("slippageBps");
  e.type = in.name("orderType", parse_order_type);
  if (in.has("timeInForce")) e.time_in_force = in.name("timeInForce", parse_time_in_force);
  if (in.has("limitPrice")) e.limit_price = in.decimal("limitPrice", 0);
  e.allow_partial = in.has("allowPartial") && in.boolean("allowPartial");
  read(in, e.type_terms);
  e.tags = read_tags(in);
  e.quote_id = in.optional_text("quoteId");
  if (in.has("expiresAt")) e.expires_at = in.time("expiresAt");
  if (in.has("minOutFloor")) {
    const Decimal min_out = in.output_amount("minOutFloor");
    e.min_out_floor = min_out.units;
    if (!in.tokens()) e.output.decimals = min_out.scale;
  }
  if (in.has("outputAmount")) {
    const Decimal exact = in.output_amount("outputAmount");
    e.exact_out = exact.units;
    if (!in.tokens()) e.output.decimals = exact.scale;
  }
  e.fingerprint = in.hash("fingerprint");
}

void read(const Members& in, RoutingStarted& e) {
  e.attempt = in.number<Attempt>("attempt");
}

HopPath read_path(const Members& in) {
  HopPath path;
  if (!in.has("path")) return path;
  for (const json::value& value : in.array("path")) {
    const Members hop = in.inner("path", value);
    path.push_back(
        {hop.fixed<PoolName::size_max>("pool"), hop.fixed<Symbol::size_max>("outputToken")});
  }
  return path;
}

VenueQuote quote_of(const Members& in) {
  VenueQuote quote;
  quote.venue = in.fixed<VenueName::size_max>("venue");
  quote.path = read_path(in);
  quote.error = in.optional_text("error");
  if (quote.error.empty()) {
    quote.amount_out = in.output_amount("amountOut");
    quote.price = in.decimal("price", 0);
    quote.fee = in.input_amount("fee");
    quote.price_impact_bps = in.number<std::uint32_t>("priceImpactBps");
    quote.height = in.number<std::uint64_t>("height");
    if (in.has("amountIn")) quote.amount_in = in.input_amount("amountIn");
  }
  quote.lost_because = in.optional_text("lostBecause");
  return quote;
}

void read(const Members& in, RouteSelected& e) {
  e.attempt = in.number<Attempt>("attempt");
  const std::string venue = in.optional_text("venue");
  const HopPath path = read_path(in);
  if (in.has("legs")) e.legs = in.number<std::uint32_t>("legs");
  const json::array& quotes = in.array("quotes");
  e.chosen = static_cast<std::uint32_t>(quotes.size());
  for (const json::value& value : quotes) {
    e.quotes.push_back(quote_of(in.inner("quotes", value)));
    const VenueQuote& quote = e.quotes.back();
    const bool won = in.has("venue") && quote.venue.view() == venue && quote.path == path;
    if (won && e.chosen == quotes.size())
      e.chosen = static_cast<std::uint32_t>(e.quotes.size() - 1);
  }
  if (e.legs > 1) e.chosen = in.number<std::uint32_t>("chosen");
}

void read_attempt(const Members& in, auto& e) {
  e.attempt = in.number<Attempt>("attempt");
  if constexpr (requires { e.leg; }) e.leg = in.number<LegIndex>("leg");
}

void read_built(const Members& in, auto& e) {
  read_attempt(in, e);
  e.venue = in.fixed<VenueName::size_max>("venue");
  e.venue_order_id =
      in.parsed("venueOrderId", parse_hex_id<VenueOrderIdTag>(in.text("venueOrderId")));
  e.amount_in = in.input_amount("amountIn");
  e.expected_out = in.output_amount("expectedOut");
  e.min_out = in.output_amount("minOut");
  e.price = in.decimal("price", 0);
  e.valid_until_height = in.number<std::uint64_t>("validUntilHeight");
  e.path = read_path(in);
}

void read_submitted(const Members& in, auto& e) {
  read_attempt(in, e);
  e.venue = in.fixed<VenueName::size_max>("venue");
  e.tx_hash = in.tx_hash("txHash");
}

void read(const Members& in, TransactionBuilt& e) {
  read_built(in, e);
}
void read(const Members& in, TransactionSubmitted& e) {
  read_submitted(in, e);
}

void read(const Members& in, OutcomeUnknown& e) {
  e.attempt = in.number<Attempt>("attempt");
  e.seen = in.text("seen");
  e.interrupted = in.has("interrupted");
}

template <class Fill>
void read_fill(const Members& in, Fill& e) {
  read_attempt(in, e);
  e.venue = in.fixed<VenueName::size_max>("venue");
  e.tx_hash = in.tx_hash("txHash");
  e.amount_in = in.input_amount("amountIn");
  e.amount_out = in.output_amount("amountOut");
  e.executed_price = in.decimal("executedPrice", 0);
  e.fee = in.input_amount("fee");
}

void read(const Members& in, OrderConfirmed& e) {
  read_fill(in, e);
  e.slippage_realised_bps = in.number<std::int32_t>("slippageBpsRealised");
}

void read(const Members& in, AttemptFailed& e) {
  e.attempt = in.number<Attempt>("attempt");
  e.error = in.error_class("errorClass");
  e.detail = in.text("error");
  e.retry_at = in.time("retryAt");
}

void read(const Members& in, OrderFailed& e) {
  e.attempt = in.number<Attempt>("attempt");
  e.error = in.error_class("errorClass");
  e.detail = in.text("error");
  e.attempts_made = in.number<std::uint32_t>("attemptsMade");
}

void read(const Members& in, OrderRested& e) {
  e.why = in.text("why");
}

void read(const Members& in, OrderPartiallyFilled& e) {
  read_fill(in, e);
}

void read(const Members& in, LegBuilt& e) {
  read_built(in, e);
}
void read(const Members& in, LegSubmitted& e) {
  read_submitted(in, e);
}
void read(const Members& in, LegOutcomeUnknown& e) {
  read_attempt(in, e);
  e.seen = in.text("seen");
}
void read(const Members& in, LegFilled& e) {
  read_fill(in, e);
}
void read(const Members& in, LegEnded& e) {
  read_attempt(in, e);
  e.error = in.error_class("errorClass");
  e.detail = in.text("error");
}

void read(const Members& in, Amendment& terms) {
  if (in.has("amountIn")) terms.amount_in = in.input_amount("amountIn");
  if (in.has("limitPrice")) terms.limit_price = in.decimal("limitPrice", 0);
  if (in.has("slippageBps")) terms.slippage_bps = in.number<std::uint32_t>("slippageBps");
  if (in.has("minOutFloor")) terms.min_out_floor = in.output_amount("minOutFloor");
  terms.expires_never = in.is_null("expiresAt");
  if (in.has("expiresAt") && !terms.expires_never) terms.expires_at = in.time("expiresAt");
  if (in.has("triggerPrice")) terms.trigger_price = in.decimal("triggerPrice", 0);
}

template <class E>
void read_by_and_why(const Members& in, E& e) {
  e.by = in.text("by");
  e.why = in.text("why");
  if constexpr (requires { e.terms; }) read(in, e.terms);
  if constexpr (requires { e.idempotency_key; }) {
    if (!in.has("idempotencyKey")) return;
    e.idempotency_key = in.text("idempotencyKey");
    e.fingerprint = in.hash("fingerprint");
  }
}

void read(const Members& in, OutcomeResolved& e) {
  e.attempt = in.number<Attempt>("attempt");
  if (in.has("leg")) e.leg = in.number<LegIndex>("leg");
  e.settled = in.text("outcome") == "settled";
  if (e.settled) {
    e.tx_hash = in.tx_hash("txHash");
    e.amount_out = in.output_amount("amountOut");
    e.fee = in.input_amount("fee");
    if (in.has("amountIn")) e.amount_in = in.input_amount("amountIn");
  }
  read_by_and_why(in, e);
}

void read(const Members& in, OrderTriggered& e) {
  e.venue = in.fixed<VenueName::size_max>("venue");
  e.price = in.decimal("price", 0);
  e.height = in.number<std::uint64_t>("height");
  if (in.has("liquidity")) e.liquidity = in.output_amount("liquidity");
}
void read(const Members& in, TradingHalted& e) {
  const auto scope = in.halt_scope("scope");
  e.scope = scope.first;
  e.value = scope.second;
  read_by_and_why(in, e);
}
void read(const Members& in, TradingResumed& e) {
  e.halt = in.number<Seq>("halt");
  read_by_and_why(in, e);
}

void read(const Members& in, RiskLimitsChanged& e) {
  e.limits = in.text("limits");
  read_by_and_why(in, e);
}

// Cancelled, expired, requeued, discarded, cancel requested, amended.
template <class E>
void read(const Members& in, E& e) {
  read_by_and_why(in, e);
}

template <std::size_t I = 0>
Event blank_event(std::size_t index) {
  if constexpr (I < event_type_count) {
    if (index == I) return Event(std::in_place_index<I>);
    return blank_event<I + 1>(index);
  } else {
    check(false, "no such event type");
    return {};
  }
}

}  // namespace

Result<Event> parse_event_data(EventType type, std::string_view text,
                               const std::optional<TokenPair>& tokens) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return Error{Errc::corrupt, "event data is not a JSON object"};
  Event event = blank_event(static_cast<std::size_t>(type));
  std::string problem;
  const Members members(value.get_object(), tokens, &problem);
  std::visit([&](auto& e) { read(members, e); }, event);
  if (!problem.empty())
    return Error{Errc::corrupt,
                 std::string(to_string(type)) + ": member " + problem + " is missing or wrong"};
  return event;
}

}  // namespace oee
