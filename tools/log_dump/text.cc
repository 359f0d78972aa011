#include "tools/log_dump/text.h"

#include <type_traits>

#include "core/base/json_writer.h"
#include "core/order/lifecycle.h"
#include "core/order/order_json.h"

namespace oee::log_dump {
namespace {

void append_padded(std::string& out, std::string_view text, std::size_t width) {
  out += text;
  if (text.size() < width) out.append(width - text.size(), ' ');
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_terminal_escaped(out, text);
  out += '"';
}

// name=value fields after the fixed columns.
class Fields {
 public:
  explicit Fields(std::string& out) : out_(out) {}
  Fields& bare(std::string_view text) {
    out_ += ' ';
    out_ += text;
    return *this;
  }
  Fields& plain(std::string_view name, std::string_view value) {
    start(name);
    out_ += value;
    return *this;
  }
  Fields& number(std::string_view name, std::int64_t value) {
    return plain(name, std::to_string(value));
  }
  Fields& count(std::string_view name, std::uint64_t value) {
    return plain(name, std::to_string(value));
  }
  Fields& amount(std::string_view name, Decimal value) {
    start(name);
    append_text(out_, value);
    return *this;
  }
  // Writes nothing when the text is empty.
  Fields& quoted(std::string_view name, std::string_view text) {
    if (text.empty()) return *this;
    start(name);
    append_quoted(out_, text);
    return *this;
  }

 private:
  void start(std::string_view name) {
    out_ += ' ';
    out_ += name;
    out_ += '=';
  }
  std::string& out_;
};

struct WriteFields {
  Fields fields;

  void operator()(const OrderAccepted& e) {
    fields.bare(to_text(e.amount_in) + " " + std::string(e.input.symbol.view()) + " -> " +
                std::string(e.output.symbol.view()));
    if (e.type != OrderType::market) fields.bare(to_string(e.type));
    if (e.limit_price) fields.amount("limit", *e.limit_price);
    if (e.time_in_force != TimeInForce::by_type) fields.bare(to_string(e.time_in_force));
    if (e.allow_partial) fields.bare("partial");
    write(e.type_terms);
    fields.count("slippage_bps", e.slippage_bps);
    if (e.expires_at) fields.plain("expires", format_rfc3339(*e.expires_at));
    if (e.min_out_floor) fields.amount("min_out", Decimal{*e.min_out_floor, e.output.decimals});
    if (e.exact_out) fields.amount("exact_out", Decimal{*e.exact_out, e.output.decimals});
    fields.quoted("account", e.account).quoted("key", e.idempotency_key);
    fields.quoted("client_id", e.client_order_id);
    for (const std::string& tag : e.tags) fields.quoted("tag", tag);
    fields.quoted("quote", e.quote_id);
  }
  void operator()(const RoutingStarted& e) { fields.count("attempt", e.attempt); }
  void operator()(const RouteSelected& e) {
    fields.count("attempt", e.attempt);
    for (std::size_t i = 0; i < e.quotes.size(); ++i) {
      const VenueQuote& quote = e.quotes[i];
      fields.bare(i >= e.chosen && i < e.chosen + e.legs ? "chosen:" : "lost:")
          .bare(quote.venue.view());
      write(quote.path);
      if (quote.error.empty()) {
        if (quote.amount_in) fields.amount("in", *quote.amount_in);
        fields.amount("out", quote.amount_out)
            .amount("price", quote.price)
            .amount("fee", quote.fee);
        fields.count("impact_bps", quote.price_impact_bps);
      }
      fields.quoted("error", quote.error).quoted("why", quote.lost_because);
    }
  }
  void operator()(const TransactionBuilt& e) { built(e); }
  void operator()(const TransactionSubmitted& e) { submitted(e); }
  void operator()(const OutcomeUnknown& e) {
    fields.count("attempt", e.attempt).quoted("seen", e.seen);
    if (e.interrupted) fields.bare("interrupted");
  }
  void operator()(const OrderConfirmed& e) {
    fill(e);
    fields.number("slippage_bps", e.slippage_realised_bps).plain("tx", to_text(e.tx_hash));
  }
  void operator()(const AttemptFailed& e) {
    fields.count("attempt", e.attempt).bare(to_string(e.error)).quoted("why", e.detail);
    fields.plain("retry_at", format_rfc3339(e.retry_at));
  }
  void operator()(const OrderFailed& e) {
    fields.count("attempt", e.attempt).bare(to_string(e.error)).quoted("why", e.detail);
    fields.count("attempts_made", e.attempts_made);
  }
  void operator()(const OutcomeResolved& e) {
    fields.count("attempt", e.attempt);
    if (e.leg) fields.count("leg", *e.leg);
    fields.bare(e.settled ? "settled" : "not settled");
    if (e.settled) {
      if (e.amount_in) fields.amount("in", *e.amount_in);
      fields.amount("out", e.amount_out).amount("fee", e.fee).plain("tx", to_text(e.tx_hash));
    }
    fields.quoted("by", e.by).quoted("why", e.why).quoted("key", e.idempotency_key);
  }
  void operator()(const OrderRested& e) { fields.quoted("why", e.why); }
  void operator()(const OrderTriggered& e) {
    fields.bare(e.venue.view()).amount("price", e.price).count("height", e.height);
    if (e.liquidity) fields.amount("liquidity", *e.liquidity);
  }
  void write(const HopPath& path) {
    if (!path.empty()) fields.plain("path", to_text(path));
  }
  void write(const TypeTerms& terms) {
    if (terms.trigger) {
      fields.plain("trigger", to_string(terms.trigger->when));
      fields.amount("trigger_price", terms.trigger->price);
    }
    if (terms.min_liquidity) fields.amount("min_liquidity", *terms.min_liquidity);
    if (terms.slices) {
      fields.count("slices", terms.slices->count);
      fields.plain("interval", format_duration(terms.slices->interval));
      if (terms.slices->randomize_percent > 0)
        fields.count("randomize", terms.slices->randomize_percent);
    }
  }
  void operator()(const OrderPartiallyFilled& e) {
    fill(e);
    fields.plain("tx", to_text(e.tx_hash));
  }
  void operator()(const LegBuilt& e) { built(e); }
  void operator()(const LegSubmitted& e) { submitted(e); }
  void operator()(const LegOutcomeUnknown& e) {
    attempt(e);
    fields.quoted("seen", e.seen);
  }
  void operator()(const LegFilled& e) {
    fill(e);
    fields.plain("tx", to_text(e.tx_hash));
  }
  void operator()(const LegEnded& e) {
    attempt(e);
    fields.bare(to_string(e.error)).quoted("why", e.detail);
  }
  void operator()(const OrderAmended& e) {
    const Amendment& terms = e.terms;
    if (terms.amount_in) fields.amount("amount", *terms.amount_in);
    if (terms.limit_price) fields.amount("limit", *terms.limit_price);
    if (terms.slippage_bps) fields.count("slippage_bps", *terms.slippage_bps);
    if (terms.min_out_floor) fields.amount("min_out", *terms.min_out_floor);
    if (terms.expires_at) fields.plain("expires", format_rfc3339(*terms.expires_at));
    if (terms.expires_never) fields.plain("expires", "never");
    if (terms.trigger_price) fields.amount("trigger_price", *terms.trigger_price);
    fields.quoted("by", e.by).quoted("why", e.why).quoted("key", e.idempotency_key);
  }
  void operator()(const TradingHalted& e) {
    fields.plain("scope", to_string(e.scope)).quoted("of", e.value);
    change(e);
  }
  void operator()(const TradingResumed& e) {
    fields.count("halt", e.halt);
    change(e);
  }
  void operator()(const RiskLimitsChanged& e) {
    fields.quoted("limits", e.limits);
    change(e);
  }
  // Cancelled, expired, cancel requested, requeued, discarded.
  void operator()(const auto& e) { change(e); }
  // The attempt, and the leg of an event that has one.
  void attempt(const auto& e) {
    fields.count("attempt", e.attempt);
    if constexpr (requires { e.leg; }) fields.count("leg", e.leg);
  }
  void built(const auto& e) {
    attempt(e);
    fields.bare(e.venue.view());
    write(e.path);
    fields.amount("in", e.amount_in).amount("expected", e.expected_out).amount("min", e.min_out);
    fields.amount("price", e.price).count("valid_until_height", e.valid_until_height);
    fields.plain("venue_order", to_text(e.venue_order_id));
  }
  void submitted(const auto& e) {
    attempt(e);
    fields.bare(e.venue.view()).plain("tx", to_text(e.tx_hash));
  }
  void fill(const auto& e) {
    attempt(e);
    fields.bare(e.venue.view()).amount("in", e.amount_in).amount("out", e.amount_out);
    fields.amount("price", e.executed_price).amount("fee", e.fee);
  }
  void change(const auto& e) {
    fields.quoted("by", e.by).quoted("why", e.why);
    if constexpr (requires { e.idempotency_key; }) fields.quoted("key", e.idempotency_key);
  }
};

std::string_view colour_of(OrderStatus status) {
  switch (status) {
    case OrderStatus::confirmed:
      return "\033[32m";
    case OrderStatus::failed:
      return "\033[31m";
    case OrderStatus::cancelled:
    case OrderStatus::expired:
      return "\033[33m";
    default:
      return "";
  }
}

// --- CSV -----------------------------------------------------------------------------------------

class CsvLine {
 public:
  explicit CsvLine(std::string& out) : out_(out) {}
  void field(std::string_view text) {
    if (!first_) out_ += ',';
    first_ = false;
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
      out_ += text;
      return;
    }
    out_ += '"';
    for (const char c : text) {
      if (c == '"') out_ += '"';
      out_ += c;
    }
    out_ += '"';
  }

 private:
  std::string& out_;
  bool first_ = true;
};

// The columns that differ by event.
struct Row {
  std::string attempt, venue, input, output, amount_in, amount_out, price, tx_hash, error, reason;
};

struct FillRow {
  Row& row;

  void fill(const auto& e) const {
    row.attempt = std::to_string(e.attempt);
    row.venue = e.venue.view();
    row.amount_in = to_text(e.amount_in);
    row.amount_out = to_text(e.amount_out);
    row.price = to_text(e.executed_price);
    row.tx_hash = to_text(e.tx_hash);
  }
  void built(const auto& e) const {
    row.attempt = std::to_string(e.attempt);
    row.venue = e.venue.view();
    row.amount_in = to_text(e.amount_in);
    row.amount_out = to_text(e.expected_out);
    row.price = to_text(e.price);
  }
  void operator()(const OrderAccepted& e) const {
    row.input = e.input.symbol.view();
    row.output = e.output.symbol.view();
    row.amount_in = to_text(e.amount_in);
  }
  void operator()(const RouteSelected& e) const {
    row.attempt = std::to_string(e.attempt);
    if (e.chosen >= e.quotes.size()) return;
    const VenueQuote& chosen = e.quotes[e.chosen];
    row.venue = chosen.venue.view();
    row.amount_out = to_text(chosen.amount_out);
    row.price = to_text(chosen.price);
  }
  void operator()(const TransactionBuilt& e) const { built(e); }
  void operator()(const LegBuilt& e) const { built(e); }
  void operator()(const LegFilled& e) const { fill(e); }
  void operator()(const OrderConfirmed& e) const { fill(e); }
  void operator()(const OrderPartiallyFilled& e) const { fill(e); }
  void operator()(const OrderAmended& e) const {
    if (e.terms.amount_in) row.amount_in = to_text(*e.terms.amount_in);
    if (e.terms.limit_price) row.price = to_text(*e.terms.limit_price);
    row.reason = e.why;
  }
  void operator()(const auto& e) const {
    if constexpr (requires { e.attempt; }) row.attempt = std::to_string(e.attempt);
    if constexpr (requires { e.venue; }) row.venue = e.venue.view();
    if constexpr (requires { e.tx_hash; }) row.tx_hash = to_text(e.tx_hash);
    if constexpr (requires { e.error; }) row.error = to_string(e.error);
    if constexpr (requires { e.detail; }) row.reason = e.detail;
    if constexpr (requires { e.seen; }) row.reason = e.seen;
    if constexpr (requires { e.why; }) row.reason = e.why;
  }
};

}  // namespace

void append_text_line(std::string& out, const Record& record, bool colour) {
  const EventType type = type_of(record.event);
  const OrderStatus status = status_after(type);
  append_padded(out, std::to_string(record.seq), 8);
  out += ' ';
  out += format_rfc3339(record.time);
  out += ' ';
  append_text(out, record.order_id);
  out += ' ';
  append_padded(out, "v" + std::to_string(record.version), 4);
  const std::string_view begin = colour ? colour_of(status) : std::string_view();
  out += ' ';
  out += begin;
  append_padded(out, to_string(type), 20);
  out += ' ';
  append_padded(out, to_string(status), 9);
  if (!begin.empty()) out += "\033[0m";
  std::visit(WriteFields{Fields(out)}, record.event);
  if (!record.correlation.is_zero()) Fields(out).plain("trace", to_text(record.correlation));
  out += '\n';
}

std::string_view csv_header() {
  return "seq,ts,orderId,version,type,status,attempt,venue,inputToken,outputToken,amountIn,"
         "amountOut,"
         "price,txHash,error,reason,data,correlationId\n";
}

void append_csv_line(std::string& out, const Record& record) {
  const EventType type = type_of(record.event);
  Row row;
  std::visit(FillRow{row}, record.event);
  std::string data;
  JsonWriter json(data);
  write_event_data(json, record.event);
  CsvLine line(out);
  line.field(std::to_string(record.seq));
  line.field(format_rfc3339(record.time));
  line.field(to_text(record.order_id));
  line.field(std::to_string(record.version));
  line.field(to_string(type));
  line.field(to_string(status_after(type)));
  for (const std::string* field :
       {&row.attempt, &row.venue, &row.input, &row.output, &row.amount_in, &row.amount_out,
        &row.price, &row.tx_hash, &row.error, &row.reason, &data}) {
    line.field(*field);
  }
  line.field(record.correlation.is_zero() ? std::string() : to_text(record.correlation));
  out += '\n';
}

void append_json_line(std::string& out, const Record& record) {
  JsonWriter json(out);
  write_event(json, record, true);
  out += '\n';
}

}  // namespace oee::log_dump
