// order_of_row(), declared in order_rows.h: the inverse of append_order_row().
#include <charconv>

#include "projections/postgres/exact_text.h"
#include "projections/postgres/order_rows.h"
#include "projections/postgres/phase_names.h"

namespace oee {
namespace {

// Reads the fields one by one, in the columns' order. Keeps the first column that cannot be read
// and the reason.
class FieldReader {
 public:
  explicit FieldReader(RowFields fields) : fields_(fields) {
    check(fields.size() == orders_table.columns.size(), "order_of_row: wrong number of fields");
  }

  std::string_view text() {
    const auto value = next();
    if (!value) fail("is null");
    return value.value_or(std::string_view());
  }
  std::optional<std::string_view> optional_text() { return next(); }
  std::string text_or_empty() { return std::string(next().value_or(std::string_view())); }
  void skip() { next(); }

  template <class N>
  N number() {
    return number_of<N>(text());
  }
  template <class N>
  std::optional<N> optional_number() {
    const auto value = next();
    if (!value) return std::nullopt;
    return number_of<N>(*value);
  }
  bool boolean() {
    const std::string_view value = text();
    if (value != "true" && value != "false") fail("is not a boolean");
    return value == "true";
  }
  WallTime time() { return optional_time().value_or(WallTime{}); }
  std::optional<WallTime> optional_time() {
    const auto value = next();
    if (!value) return std::nullopt;
    return parsed(parse_rfc3339(*value));
  }
  std::optional<Decimal> optional_decimal(std::uint8_t scale) {
    const auto value = next();
    if (!value) return std::nullopt;
    return parsed(parse_exact_decimal(*value, scale));
  }
  Decimal decimal(std::uint8_t scale) {
    return optional_decimal(scale).value_or(Decimal{0, scale});
  }
  std::optional<Units> optional_units(std::uint8_t scale) {
    const auto value = optional_decimal(scale);
    if (!value) return std::nullopt;
    if (value->scale != scale) fail("has more decimals than its token");
    return value->units;
  }
  template <class Parse>
  auto name(Parse parse) {
    auto value = parse(text());
    if (!value) fail("is not a known name");
    return value;
  }
  template <class T>
  T parsed(Result<T> value) {
    if (value) return *std::move(value);
    fail(value.error().detail);
    return T{};
  }
  void fail(std::string_view why) {
    if (!problem_.empty()) return;
    problem_ = "column " + std::string(orders_table.columns[at_ - 1].name) + " ";
    problem_ += why;
  }
  const std::string& problem() const { return problem_; }

 private:
  template <class N>
  N number_of(std::string_view value) {
    N result{};
    const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (ec != std::errc{} || end != value.data() + value.size()) fail("is not a number in range");
    return result;
  }
  std::optional<std::string_view> next() { return fields_[at_++]; }
  RowFields fields_;
  std::size_t at_ = 0;
  std::string problem_;
};

template <std::size_t N>
FixedText<N> fixed_text(FieldReader& in, std::string_view text) {
  if (text.size() <= N) return FixedText<N>(text);
  in.fail("is too long");
  return {};
}

std::uint8_t decimals(FieldReader& in) {
  const auto value = in.number<std::uint8_t>();
  if (value > decimal_scale_max) in.fail("is more than 18");
  return value > decimal_scale_max ? 0 : value;
}

void read_identity(FieldReader& in, Order& order) {
  order.id = in.parsed(parse_order_id(in.text()));
  in.skip();  // status: a function of the phase
  order.phase = in.name(parse_phase).value_or(Phase::none);
  order.outcome_unknown = in.boolean();
  order.type = in.name(parse_order_type).value_or(OrderType::market);
  if (const auto error = in.optional_text()) {
    order.error = parse_error_class(*error);
    if (!order.error) in.fail("is not a known error class");
  }
  order.error_detail = in.text_or_empty();
  order.version = in.number<Version>();
  order.accepted_seq = in.number<Seq>();
  order.last_seq = in.number<Seq>();
  order.accepted_at = in.time();
  order.updated_at = in.time();
}

void read_request(FieldReader& in, Order& order) {
  order.account = in.text_or_empty();
  order.client_order_id = in.text_or_empty();
  order.input.symbol = fixed_text<Symbol::size_max>(in, in.text());
  order.input.decimals = decimals(in);
  order.output.symbol = fixed_text<Symbol::size_max>(in, in.text());
  order.output.decimals = decimals(in);
  order.amount_in = in.decimal(order.input.decimals);
  order.slippage_bps = in.number<std::uint32_t>();
  order.expires_at = in.optional_time();
  order.min_out_floor = in.optional_units(order.output.decimals);
  if (const auto id = in.optional_text())
    order.correlation = in.parsed(parse_hex_id<CorrelationIdTag>(*id));
}

void read_attempt(FieldReader& in, Order& order) {
  order.attempt = in.number<Attempt>();
  order.attempts_made = in.number<std::uint32_t>();
  order.interruptions = in.number<std::uint32_t>();
  order.first_expected_out = in.optional_units(order.output.decimals);
  order.retry_at = in.time();
  order.unknown_since = in.time();
  order.attempt_built = in.boolean();
  if (order.attempt_built) {
    order.venue = fixed_text<VenueName::size_max>(in, in.text());
    order.venue_order_id = in.parsed(parse_hex_id<VenueOrderIdTag>(in.text()));
    order.expected_out = in.decimal(order.output.decimals);
    order.min_out = in.decimal(order.output.decimals);
    order.valid_until_height = in.number<std::uint64_t>();
  } else {
    for (int i = 0; i < 5; ++i) in.skip();
  }
  if (const auto hash = in.optional_text()) order.tx_hash = in.parsed(parse_tx_hash(*hash));
}

void read_fills(FieldReader& in, Order& order) {
  order.amount_out = in.decimal(order.output.decimals);
  order.executed_price = in.decimal(0);
  order.fee = in.decimal(order.input.decimals);
  if (order.phase == Phase::confirmed) {
    order.slippage_realised_bps = in.number<std::int32_t>();
  } else {
    in.skip();
  }
}

// Null: the usual amount (append_unusual() in order_rows.cc).
Units read_unusual(FieldReader& in, const Order& order, bool whole_is_usual) {
  return in.optional_units(order.input.decimals)
      .value_or(whole_is_usual ? order.amount_in.units : 0);
}

void read_type_terms(FieldReader& in, Order& order) {
  TypeTerms& terms = order.type_terms;
  const auto price = in.optional_decimal(0);
  const auto when = in.optional_text();
  if (price && when) {
    const auto known = parse_trigger_when(*when);
    if (!known) in.fail("is not a known trigger");
    terms.trigger.emplace(*price, known.value_or(TriggerWhen::at_or_below));
  }
  terms.min_liquidity = in.optional_decimal(order.output.decimals);
  order.triggered_at = in.optional_time();
  const auto slices = in.optional_number<std::uint32_t>();
  const auto interval = in.optional_number<std::int64_t>();
  const auto randomize = in.optional_number<std::uint32_t>();
  if (slices)
    terms.slices.emplace(*slices, Micros(interval.value_or(0)),
                         static_cast<std::uint8_t>(randomize.value_or(0)));
  if (const auto tags = in.optional_text()) order.tags = in.parsed(parse_text_array(*tags));
  order.quote_id = in.text_or_empty();
  order.exact_out = in.optional_units(order.output.decimals);
}

void read_terms(FieldReader& in, Order& order) {
  if (const auto force = in.optional_text()) {
    const auto known = parse_time_in_force(*force);
    if (!known) in.fail("is not a known time in force");
    order.time_in_force = known.value_or(TimeInForce::by_type);
  }
  order.limit_price = in.optional_decimal(0);
  order.allow_partial = in.boolean();
  order.filled_in = read_unusual(in, order, order.phase == Phase::confirmed);
  order.attempt_in = read_unusual(in, order, order.attempt_built);
  order.first_quoted_in = read_unusual(in, order, order.first_expected_out.has_value());
  const auto by = in.optional_text();
  const auto why = in.optional_text();
  if (by) order.cancel_requested.emplace(std::string(*by), std::string(why.value_or("")));
  read_type_terms(in, order);
  // The defaults of an order without fills.
  if (order.filled_in == 0) order.amount_out = order.executed_price = order.fee = Decimal{};
}

}  // namespace

Result<Order> order_of_row(RowFields fields) {
  FieldReader in(fields);
  Order order;
  read_identity(in, order);
  read_request(in, order);
  read_attempt(in, order);
  read_fills(in, order);
  read_terms(in, order);
  if (!in.problem().empty())
    return Error{Errc::corrupt, "row of order " + to_text(order.id) + ": " + in.problem()};
  return order;
}

}  // namespace oee
