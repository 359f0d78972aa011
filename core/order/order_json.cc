#include "core/order/order_json.h"

#include "core/base/sha256.h"
#include "core/order/update.h"

namespace oee {

void write_path(JsonWriter& json, const HopPath& path) {
  if (path.empty()) return;
  json.key("path").array([&] {
    for (const Hop& hop : path) {
      json.object([&] {
        json.key("pool").text(hop.pool);
        json.key("outputToken").text(hop.output);
      });
    }
  });
}

void write_quote(JsonWriter& json, const VenueQuote& quote) {
  json.object([&] {
    json.key("venue").text(quote.venue);
    write_path(json, quote.path);
    if (!quote.error.empty()) {
      json.key("error").text(quote.error);
    } else {
      if (quote.amount_in) json.key("amountIn").decimal_text(*quote.amount_in);
      json.key("amountOut").decimal_text(quote.amount_out);
      json.key("price").decimal_text(quote.price);
      json.key("fee").decimal_text(quote.fee);
      json.key("priceImpactBps").number(quote.price_impact_bps);
      json.key("height").number(quote.height);
    }
    if (!quote.lost_because.empty()) json.key("lostBecause").text(quote.lost_because);
  });
}

void write_halt_scope(JsonWriter& json, HaltScope scope, std::string_view value) {
  if (scope == HaltScope::all) {
    json.text(to_string(scope));
  } else {
    json.object([&] { json.key(to_string(scope)).text(value); });
  }
}

namespace {

void write_order_id(JsonWriter& json, const OrderId& id) {
  json.key("orderId").text_of(id);
}

void write_time(JsonWriter& json, std::string_view key, WallTime time) {
  json.key(key).text_of(time);
}

void write_terms(JsonWriter& json, const auto& terms) {
  if (terms.time_in_force != TimeInForce::by_type)
    json.key("timeInForce").text(to_string(terms.time_in_force));
  if (terms.limit_price) json.key("limitPrice").decimal_text(*terms.limit_price);
  if (terms.allow_partial) json.key("allowPartial").boolean(true);
  const TypeTerms& own = terms.type_terms;
  if (own.trigger) {
    json.key("triggerPrice").decimal_text(own.trigger->price);
    json.key("triggerWhen").text(to_string(own.trigger->when));
  }
  if (own.min_liquidity) json.key("minLiquidity").decimal_text(*own.min_liquidity);
  if (own.slices) {
    json.key("slices").number(own.slices->count);
    json.key("interval").text(format_duration(own.slices->interval));
    if (own.slices->randomize_percent > 0)
      json.key("randomize").number(own.slices->randomize_percent);
  }
  if (!terms.tags.empty()) {
    json.key("tags").array([&] {
      for (const auto& tag : terms.tags) json.text(tag);
    });
  }
  if (!terms.quote_id.empty()) json.key("quoteId").text(terms.quote_id);
  if (terms.exact_out)
    json.key("outputAmount").decimal_text(Decimal{*terms.exact_out, terms.output.decimals});
}

// The attempt, and the leg of an event that has one.
void write_attempt(JsonWriter& json, const auto& e) {
  json.key("attempt").number(e.attempt);
  if constexpr (requires { std::uint32_t{e.leg}; }) json.key("leg").number(std::uint32_t{e.leg});
}

// Of TransactionBuilt and LegBuilt.
void write_built(JsonWriter& json, const auto& e) {
  write_attempt(json, e);
  json.key("venue").text(e.venue);
  json.key("venueOrderId").text_of(e.venue_order_id);
  json.key("amountIn").decimal_text(e.amount_in);
  json.key("expectedOut").decimal_text(e.expected_out);
  json.key("minOut").decimal_text(e.min_out);
  json.key("price").decimal_text(e.price);
  json.key("validUntilHeight").number(e.valid_until_height);
  write_path(json, e.path);
}

// Of TransactionSubmitted and LegSubmitted.
void write_submitted(JsonWriter& json, const auto& e) {
  write_attempt(json, e);
  json.key("venue").text(e.venue);
  json.key("txHash").text_of(e.tx_hash);
}

// Of OrderConfirmed, OrderPartiallyFilled and LegFilled.
void write_fill(JsonWriter& json, const auto& e) {
  write_attempt(json, e);
  json.key("venue").text(e.venue);
  json.key("txHash").text_of(e.tx_hash);
  json.key("amountIn").decimal_text(e.amount_in);
  json.key("amountOut").decimal_text(e.amount_out);
  json.key("executedPrice").decimal_text(e.executed_price);
  json.key("fee").decimal_text(e.fee);
}

void write_key(JsonWriter& json, const auto& event) {
  if (event.idempotency_key.empty()) return;
  json.key("idempotencyKey").text(event.idempotency_key);
  json.key("fingerprint").text(to_hex(as_bytes(event.fingerprint)));
}

// The members of an event's "data" object.
struct WriteData {
  JsonWriter& json;

  void operator()(const OrderAccepted& e) const {
    json.key("account").text(e.account);
    if (!e.idempotency_key.empty()) json.key("idempotencyKey").text(e.idempotency_key);
    if (!e.client_order_id.empty()) json.key("clientOrderId").text(e.client_order_id);
    json.key("inputToken").text(e.input.symbol);
    json.key("outputToken").text(e.output.symbol);
    json.key("amountIn").decimal_text(e.amount_in);
    json.key("slippageBps").number(e.slippage_bps);
    json.key("orderType").text(to_string(e.type));
    if (e.expires_at) write_time(json, "expiresAt", *e.expires_at);
    if (e.min_out_floor)
      json.key("minOutFloor").decimal_text(Decimal{*e.min_out_floor, e.output.decimals});
    write_terms(json, e);
    json.key("fingerprint").text(to_hex(as_bytes(e.fingerprint)));
  }
  void operator()(const RoutingStarted& e) const { json.key("attempt").number(e.attempt); }
  void operator()(const RouteSelected& e) const {
    json.key("attempt").number(e.attempt);
    if (e.chosen < e.quotes.size()) {
      json.key("venue").text(e.quotes[e.chosen].venue);
      write_path(json, e.quotes[e.chosen].path);
    }
    // Its legs may repeat a venue.
    if (e.legs > 1 && e.chosen < e.quotes.size() && e.legs <= e.quotes.size() - e.chosen) {
      json.key("chosen").number(e.chosen);
      json.key("legs").number(e.legs);
    }
    json.key("quotes").array([&] {
      for (const VenueQuote& quote : e.quotes) write_quote(json, quote);
    });
  }
  void operator()(const TransactionBuilt& e) const { write_built(json, e); }
  void operator()(const TransactionSubmitted& e) const { write_submitted(json, e); }
  void operator()(const OutcomeUnknown& e) const {
    json.key("attempt").number(e.attempt);
    json.key("seen").text(e.seen);
    if (e.interrupted) json.key("interrupted").boolean(true);
  }
  void operator()(const OrderConfirmed& e) const {
    write_fill(json, e);
    json.key("slippageBpsRealised").number(e.slippage_realised_bps);
  }
  void operator()(const AttemptFailed& e) const {
    json.key("attempt").number(e.attempt);
    json.key("errorClass").text(to_string(e.error));
    json.key("error").text(e.detail);
    write_time(json, "retryAt", e.retry_at);
  }
  void operator()(const OrderFailed& e) const {
    json.key("attempt").number(e.attempt);
    json.key("errorClass").text(to_string(e.error));
    json.key("error").text(e.detail);
    json.key("attemptsMade").number(e.attempts_made);
  }
  void operator()(const OutcomeResolved& e) const {
    json.key("attempt").number(e.attempt);
    if (e.leg) json.key("leg").number(std::uint32_t{*e.leg});
    json.key("outcome").text(e.settled ? "settled" : "notSettled");
    if (e.settled) {
      json.key("txHash").text_of(e.tx_hash);
      json.key("amountOut").decimal_text(e.amount_out);
      json.key("fee").decimal_text(e.fee);
      if (e.amount_in) json.key("amountIn").decimal_text(*e.amount_in);
    }
    json.key("by").text(e.by);
    json.key("why").text(e.why);
    write_key(json, e);
  }
  void operator()(const OrderRested& e) const { json.key("why").text(e.why); }
  void operator()(const OrderPartiallyFilled& e) const { write_fill(json, e); }
  void operator()(const OrderAmended& e) const {
    json.key("by").text(e.by);
    json.key("why").text(e.why);
    const Amendment& terms = e.terms;
    if (terms.amount_in) json.key("amountIn").decimal_text(*terms.amount_in);
    if (terms.limit_price) json.key("limitPrice").decimal_text(*terms.limit_price);
    if (terms.slippage_bps) json.key("slippageBps").number(*terms.slippage_bps);
    if (terms.min_out_floor) json.key("minOutFloor").decimal_text(*terms.min_out_floor);
    if (terms.expires_at) write_time(json, "expiresAt", *terms.expires_at);
    if (terms.expires_never) json.key("expiresAt").null();
    if (terms.trigger_price) json.key("triggerPrice").decimal_text(*terms.trigger_price);
    write_key(json, e);
  }
  void operator()(const TradingHalted& e) const {
    json.key("scope");
    write_halt_scope(json, e.scope, e.value);
    change(e);
  }
  void operator()(const TradingResumed& e) const {
    json.key("halt").number(e.halt);
    change(e);
  }
  void operator()(const OrderTriggered& e) const {
    json.key("venue").text(e.venue);
    json.key("price").decimal_text(e.price);
    json.key("height").number(e.height);
    if (e.liquidity) json.key("liquidity").decimal_text(*e.liquidity);
  }
  void operator()(const RiskLimitsChanged& e) const {
    json.key("limits").text(e.limits);
    change(e);
  }
  void operator()(const LegBuilt& e) const { write_built(json, e); }
  void operator()(const LegSubmitted& e) const { write_submitted(json, e); }
  void operator()(const LegOutcomeUnknown& e) const {
    write_attempt(json, e);
    json.key("seen").text(e.seen);
  }
  void operator()(const LegFilled& e) const { write_fill(json, e); }
  void operator()(const LegEnded& e) const {
    write_attempt(json, e);
    json.key("errorClass").text(to_string(e.error));
    json.key("error").text(e.detail);
  }
  // OrderCancelled, OrderExpired, CancelRequested, DeadLetterRequeued, DeadLetterDiscarded.
  void operator()(const auto& e) const { change(e); }
  void change(const auto& e) const {
    json.key("by").text(e.by);
    json.key("why").text(e.why);
    if constexpr (requires { e.idempotency_key; }) write_key(json, e);
  }
};

// The members that an update adds for its event, for the status line of a trader's screen.
struct WriteUpdate {
  JsonWriter& json;

  void operator()(const OrderAccepted& e) const {
    json.key("inputToken").text(e.input.symbol);
    json.key("outputToken").text(e.output.symbol);
    json.key("amount").decimal_number(e.amount_in);
    json.key("orderType").text(to_string(e.type));
    if (!e.client_order_id.empty()) json.key("clientOrderId").text(e.client_order_id);
    write_terms(json, e);
  }
  void operator()(const TransactionBuilt& e) const {
    json.key("dex").text(e.venue);
    json.key("price").decimal_number(e.price);
    json.key("attempt").number(e.attempt);
  }
  void operator()(const TransactionSubmitted& e) const {
    json.key("dex").text(e.venue);
    json.key("txHash").text_of(e.tx_hash);
  }
  void operator()(const OutcomeUnknown& e) const {
    json.key("outcome").text("unknown");
    json.key("reason").text(e.seen);
  }
  void operator()(const OrderConfirmed& e) const {
    json.key("dex").text(e.venue);
    json.key("txHash").text_of(e.tx_hash);
    json.key("executedPrice").decimal_number(e.executed_price);
    json.key("amountOut").decimal_number(e.amount_out);
  }
  void operator()(const AttemptFailed& e) const {
    json.key("attempt").number(e.attempt);
    json.key("errorClass").text(to_string(e.error));
    json.key("reason").text(e.detail);
    write_time(json, "retryAt", e.retry_at);
  }
  void operator()(const OrderFailed& e) const {
    json.key("errorClass").text(to_string(e.error));
    json.key("error").text(e.detail);
  }
  void operator()(const OrderCancelled& e) const { json.key("reason").text(e.why); }
  void operator()(const OrderExpired& e) const { json.key("reason").text(e.why); }
  void operator()(const DeadLetterRequeued& e) const { json.key("reason").text(e.why); }
  void operator()(const DeadLetterDiscarded& e) const { json.key("reason").text(e.why); }
  void operator()(const OutcomeResolved& e) const { json.key("reason").text(e.why); }
  void operator()(const OrderRested& e) const { json.key("reason").text(e.why); }
  void operator()(const OrderPartiallyFilled& e) const {
    json.key("dex").text(e.venue);
    json.key("txHash").text_of(e.tx_hash);
    json.key("executedPrice").decimal_number(e.executed_price);
    json.key("amountFilled").decimal_number(e.amount_in);
    json.key("amountOut").decimal_number(e.amount_out);
  }
  void operator()(const CancelRequested& e) const { json.key("reason").text(e.why); }
  void operator()(const OrderAmended& e) const { json.key("reason").text(e.why); }
  void operator()(const TradingHalted& e) const {
    json.key("scope");
    write_halt_scope(json, e.scope, e.value);
    json.key("by").text(e.by);
    json.key("reason").text(e.why);
  }
  void operator()(const TradingResumed& e) const {
    json.key("halt").number(e.halt);
    json.key("by").text(e.by);
    json.key("reason").text(e.why);
  }
  void operator()(const OrderTriggered& e) const {
    json.key("dex").text(e.venue);
    json.key("price").decimal_number(e.price);
  }
  // Of a leg "dex", "amountIn" and "amountOut" are its own; "price" and "amountFilled" are the
  // order's members.
  void operator()(const LegBuilt& e) const {
    write_attempt(json, e);
    json.key("dex").text(e.venue);
    json.key("amountIn").decimal_number(e.amount_in);
  }
  void operator()(const LegSubmitted& e) const {
    write_attempt(json, e);
    json.key("dex").text(e.venue);
    json.key("txHash").text_of(e.tx_hash);
  }
  void operator()(const LegOutcomeUnknown& e) const {
    write_attempt(json, e);
    json.key("outcome").text("unknown");
    json.key("reason").text(e.seen);
  }
  void operator()(const LegFilled& e) const {
    write_attempt(json, e);
    json.key("dex").text(e.venue);
    json.key("txHash").text_of(e.tx_hash);
    json.key("amountIn").decimal_number(e.amount_in);
    json.key("amountOut").decimal_number(e.amount_out);
  }
  void operator()(const LegEnded& e) const {
    write_attempt(json, e);
    json.key("errorClass").text(to_string(e.error));
    json.key("reason").text(e.detail);
  }
  // The text may be long: the event has it.
  void operator()(const RiskLimitsChanged& e) const {
    json.key("limitsHash").text(to_hex(as_bytes(sha256({e.limits}))));
    json.key("by").text(e.by);
    json.key("reason").text(e.why);
  }
  void operator()(const auto&) const {}
};

template <class T, class Write>
void write_optional(JsonWriter& json, std::string_view key, bool present, const T& value,
                    Write write) {
  json.key(key);
  if (present) {
    write(value);
  } else {
    json.null();
  }
}

void write_leg(JsonWriter& json, const Leg& leg) {
  const auto text = [&](std::string_view value) { json.text(value); };
  const auto decimal = [&](const Decimal& value) { json.decimal_text(value); };
  const LegFill fill = leg.fill.value_or(LegFill{});
  const bool ended = leg.error.has_value();
  json.object([&] {
    json.key("number").number(leg.number);
    if (leg.index) json.key("leg").number(std::uint32_t{*leg.index});
    json.key("status").text(to_string(leg.status));
    json.key("venue").text(leg.venue);
    json.key("venueOrderId").text_of(leg.venue_order_id);
    json.key("amountIn").decimal_text(leg.amount_in);
    json.key("minOut").decimal_text(leg.min_out);
    json.key("expectedOut").decimal_text(leg.expected_out);
    write_path(json, leg.path);
    write_optional(json, "txHash", leg.tx_hash.has_value(),
                   leg.tx_hash ? to_text(*leg.tx_hash) : std::string(), text);
    write_optional(json, "amountOut", leg.fill.has_value(), fill.amount_out, decimal);
    write_optional(json, "executedPrice", leg.fill.has_value(), fill.executed_price, decimal);
    write_optional(json, "fee", leg.fill.has_value(), fill.fee, decimal);
    write_optional(json, "error", ended, leg.detail, text);
    write_optional(json, "errorClass", ended, ended ? to_string(*leg.error) : std::string_view(),
                   text);
  });
}

}  // namespace

void write_order(JsonWriter& json, const Order& order, const std::vector<Leg>* legs) {
  const auto text = [&](std::string_view value) { json.text(value); };
  const auto decimal = [&](const Decimal& value) { json.decimal_text(value); };
  const bool confirmed = order.phase == Phase::confirmed;
  const bool filled = order.filled_in > 0;
  json.object([&] {
    write_order_id(json, order.id);
    json.key("status").text(to_string(order.status()));
    if (order.outcome_unknown) json.key("outcome").text("unknown");
    if (order.cancel_requested && order.open()) json.key("cancelRequested").boolean(true);
    json.key("type").text(to_string(order.type));
    json.key("inputToken").text(order.input.symbol);
    json.key("outputToken").text(order.output.symbol);
    json.key("amountIn").decimal_text(order.amount_in);
    json.key("slippageBps").number(order.slippage_bps);
    if (!order.client_order_id.empty()) json.key("clientOrderId").text(order.client_order_id);
    if (order.expires_at) write_time(json, "expiresAt", *order.expires_at);
    if (order.min_out_floor)
      json.key("minOutFloor").decimal_text(Decimal{*order.min_out_floor, order.output.decimals});
    write_terms(json, order);
    if (order.triggered_at) write_time(json, "triggeredAt", *order.triggered_at);
    json.key("attempts").number(order.attempt);
    write_optional(json, "venue", order.attempt_built, order.venue.view(), text);
    write_optional(json, "minOut", order.attempt_built, order.min_out, decimal);
    write_optional(json, "txHash", order.tx_hash.has_value(),
                   order.tx_hash ? to_text(*order.tx_hash) : std::string(), text);
    json.key("amountFilled").decimal_text({order.filled_in, order.input.decimals});
    write_optional(json, "amountOut", filled, order.amount_out, decimal);
    write_optional(json, "averagePrice", filled, order.executed_price, decimal);
    write_optional(json, "executedPrice", confirmed, order.executed_price, decimal);
    write_optional(json, "fee", filled, order.fee, decimal);
    write_optional(json, "slippageBpsRealised", confirmed, order.slippage_realised_bps,
                   [&](std::int32_t bps) { json.number(bps); });
    write_optional(json, "error", order.error.has_value(), order.error_detail, text);
    write_optional(json, "errorClass", order.error.has_value(),
                   order.error ? to_string(*order.error) : std::string_view(), text);
    if (order.phase == Phase::pending && order.retry_at != WallTime{})
      write_time(json, "retryAt", order.retry_at);
    if (order.phase == Phase::discarded) json.key("discarded").boolean(true);
    write_time(json, "createdAt", order.accepted_at);
    write_time(json, "updatedAt", order.updated_at);
    json.key("seq").number(order.last_seq);
    json.key("version").number(order.version);
    if (legs != nullptr) {
      json.key("legs").array([&] {
        for (const Leg& leg : *legs) write_leg(json, leg);
      });
    }
  });
}

void write_event_data(JsonWriter& json, const Event& event) {
  json.object([&] { std::visit(WriteData{json}, event); });
}

void write_event(JsonWriter& json, const Record& record, bool with_order_id) {
  json.object([&] {
    json.key("seq").number(record.seq);
    if (with_order_id) write_order_id(json, record.order_id);
    json.key("version").number(record.version);
    json.key("type").text(to_string(type_of(record.event)));
    write_time(json, "ts", record.time);
    if (!record.correlation.is_zero()) json.key("correlationId").text_of(record.correlation);
    if (record.hash != Hash256{}) json.key("hash").text(to_hex(as_bytes(record.hash)));
    json.key("data");
    write_event_data(json, record.event);
  });
}

void write_update(JsonWriter& json, const Record& record) {
  const EventType type = type_of(record.event);
  json.object([&] {
    json.key("type").text("update");
    write_order_id(json, record.order_id);
    if (!is_of_engine(type)) json.key("status").text(to_string(status_after(type)));
    json.key("seq").number(record.seq);
    json.key("version").number(record.version);
    write_time(json, "ts", record.time);
    json.key("event").text(to_string(type));
    if (!record.correlation.is_zero()) json.key("correlationId").text_of(record.correlation);
    std::visit(WriteUpdate{json}, record.event);
  });
}

std::string update_json(const Record& record) {
  thread_local std::string text;  // grows once; the returned copy has no spare capacity
  text.clear();
  JsonWriter json(text);
  write_update(json, record);
  return std::string(text);
}

VenueName venue_named_by(const Event& event) {
  if (const auto* built = std::get_if<TransactionBuilt>(&event)) return built->venue;
  if (const auto* submitted = std::get_if<TransactionSubmitted>(&event)) return submitted->venue;
  if (const auto* confirmed = std::get_if<OrderConfirmed>(&event)) return confirmed->venue;
  if (const auto* filled = std::get_if<OrderPartiallyFilled>(&event)) return filled->venue;
  if (const auto* triggered = std::get_if<OrderTriggered>(&event)) return triggered->venue;
  if (const auto* leg = std::get_if<LegBuilt>(&event)) return leg->venue;
  if (const auto* leg = std::get_if<LegSubmitted>(&event)) return leg->venue;
  if (const auto* leg = std::get_if<LegFilled>(&event)) return leg->venue;
  return {};
}

Update update_of(const Record& record) {
  Update update;
  update.seq = record.seq;
  update.order_id = record.order_id;
  update.version = record.version;
  update.type = type_of(record.event);
  update.time = record.time;
  update.correlation = record.correlation;
  update.venue = venue_named_by(record.event);
  if (const auto* accepted = std::get_if<OrderAccepted>(&record.event)) {
    update.input = accepted->input.symbol;
    update.output = accepted->output.symbol;
    update.account = accepted->account;
  }
  update.json = update_json(record);
  return update;
}

}  // namespace oee
