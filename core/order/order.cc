#include "core/order/order.h"

#include <algorithm>
#include <type_traits>

namespace oee {
namespace {

template <class Text>
Error illegal(const RecordOf<Text>& record, const std::string& why) {
  return Error{Errc::invalid, "order " + to_text(record.order_id) + " version " +
                                  std::to_string(record.version) + " (" +
                                  std::string(to_string(type_of(record.event))) + "): " + why};
}

// An event of an attempt names the current attempt. RoutingStarted names the next one, or the
// current one again after an interruption.
template <class Text>
bool names_right_attempt(const Order& order, const EventOf<Text>& event) {
  return std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, RoutingStarted>) {
          const bool next = order.phase == Phase::pending || order.phase == Phase::resting;
          return e.attempt == (next ? order.attempt + 1 : order.attempt);
        } else if constexpr (requires { e.attempt; }) {
          return e.attempt == order.attempt;
        } else {
          return true;
        }
      },
      event);
}

bool any_filled(const Order& order) {
  return std::any_of(order.legs.begin(), order.legs.end(),
                     [](const OrderLeg& leg) { return leg.filled; });
}

// OrderConfirmed or OrderPartiallyFilled has the sums of the filled legs.
bool has_sums(const Order& order, const auto& fill) {
  U128 in = 0;
  U128 out = 0;
  U128 fee = 0;
  for (const OrderLeg& leg : order.legs) {
    if (!leg.filled) continue;
    in += leg.amount_in.units;
    out += leg.amount_out;
    fee += leg.fee;
  }
  return any_filled(order) && in == fill.amount_in.units && out == fill.amount_out.units &&
         fee == fill.fee.units;
}

// An event of a leg names one that has not ended. While a leg of the live attempt is open the
// attempt has no end; a split attempt has no transaction of its own.
template <class Text>
bool names_right_leg(const Order& order, const EventOf<Text>& event) {
  return std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, LegBuilt>) {
          return e.leg == order.legs.size() && e.leg < legs_max;
        } else if constexpr (std::is_same_v<E, OutcomeResolvedOf<Text>>) {
          if (order.legs.empty()) return !e.leg;
          return e.leg && *e.leg < order.legs.size() && !order.legs[*e.leg].ended();
        } else if constexpr (requires { e.leg; }) {
          return order.legs.size() > 1 && e.leg < order.legs.size() && !order.legs[e.leg].ended();
        } else if constexpr (std::is_same_v<E, TransactionSubmitted>) {
          return order.legs.empty();
        } else if constexpr (std::is_same_v<E, OutcomeUnknownOf<Text>>) {
          return order.legs.empty() || e.interrupted;
        } else if constexpr (requires { e.executed_price; }) {
          return order.legs.empty() || (order.legs_ended() && has_sums(order, e));
        } else if constexpr (requires { e.attempt; }) {
          return order.legs.empty() || (order.legs_ended() && !any_filled(order));
        } else {
          return true;
        }
      },
      event);
}

// Before a requeue nothing trades what an operator has stated never settled. Only then has an order
// failed whose last attempt is a fill.
bool follows_statement(const Order& order, EventType type) {
  if (order.needs_requeue)
    return type == EventType::order_failed || type == EventType::order_cancelled ||
           type == EventType::order_expired;
  return type != EventType::order_failed || order.phase != Phase::pending;
}

// Adds a fill to the sums.
void add_fill(Order& order, const auto& fill) {
  if (order.filled_in == 0) {
    order.amount_out = fill.amount_out;
    order.executed_price = fill.executed_price;
    order.fee = fill.fee;
  } else {
    order.amount_out.units += fill.amount_out.units;
    order.fee.units += fill.fee.units;
    const Decimal filled{order.filled_in + fill.amount_in.units, order.input.decimals};
    order.executed_price = price_of(order.amount_out, filled);
  }
  order.filled_in += fill.amount_in.units;
}

void amend(Order& order, const Amendment& terms) {
  if (terms.amount_in) order.amount_in = *terms.amount_in;
  if (terms.limit_price) order.limit_price = terms.limit_price;
  if (terms.slippage_bps) order.slippage_bps = *terms.slippage_bps;
  if (terms.min_out_floor) order.min_out_floor = terms.min_out_floor->units;
  if (terms.expires_at) order.expires_at = terms.expires_at;
  if (terms.expires_never) order.expires_at.reset();
  if (terms.trigger_price && order.type_terms.trigger)
    order.type_terms.trigger->price = *terms.trigger_price;
}

void end_legs(Order& order) {
  for (const OrderLeg& leg : order.legs) order.needs_requeue |= leg.stated_unsettled;
  order.legs.clear();
}

void end_live_attempt(Order& order, ErrorClass error, std::string_view detail) {
  order.outcome_unknown = false;
  end_legs(order);
  order.error = error;
  order.error_detail = detail;
  order.interruptions = 0;
}

// One overload per event: its changes other than phase, version, seq and time.
template <class Text>
struct Apply {
  Order& order;
  const RecordOf<Text>& record;

  void operator()(const OrderAcceptedOf<Text>& e) const {
    order.id = record.order_id;
    order.accepted_seq = record.seq;
    order.accepted_at = record.time;
    order.correlation = record.correlation;
    order.account = e.account;
    order.client_order_id = e.client_order_id;
    order.input = e.input;
    order.output = e.output;
    order.amount_in = e.amount_in;
    order.slippage_bps = e.slippage_bps;
    order.type = e.type;
    order.expires_at = e.expires_at;
    order.min_out_floor = e.min_out_floor;
    order.time_in_force = e.time_in_force;
    order.limit_price = e.limit_price;
    order.allow_partial = e.allow_partial;
    order.type_terms = e.type_terms;
    order.tags.assign(e.tags.begin(), e.tags.end());
    order.quote_id = e.quote_id;
    order.exact_out = e.exact_out;
  }
  void operator()(const RoutingStarted& e) const {
    order.interruptions = order.attempt == e.attempt ? order.interruptions + 1 : 0;
    order.attempt = e.attempt;
  }
  void operator()(const RouteSelectedOf<Text>& e) const {
    if (order.first_expected_out || e.chosen >= e.quotes.size() ||
        e.legs > e.quotes.size() - e.chosen)
      return;
    const FirstQuote first = first_quote_of<Text>(e.quotes, e.chosen, e.legs, order.remaining());
    order.first_expected_out = first.amount_out;
    order.first_quoted_in = first.amount_in;
  }
  void operator()(const TransactionBuilt& e) const {
    order.attempt_built = true;
    order.venue = e.venue;
    order.venue_order_id = e.venue_order_id;
    order.expected_out = e.expected_out;
    order.attempt_in = e.amount_in.units;
    order.min_out = e.min_out;
    order.valid_until_height = e.valid_until_height;
    order.path = e.path;
    order.tx_hash.reset();
    order.interrupted_asks = 0;
    order.legs.clear();
  }
  void operator()(const TransactionSubmitted& e) const {
    order.tx_hash = e.tx_hash;
    order.outcome_unknown = false;
    order.interrupted_asks = 0;
  }
  void operator()(const OutcomeUnknownOf<Text>& e) const {
    if (!order.outcome_unknown) order.unknown_since = record.time;
    order.outcome_unknown = true;
    order.interrupted_asks = e.interrupted ? order.interrupted_asks + 1 : 0;
    for (OrderLeg& leg : order.legs) {
      if (leg.ended()) continue;
      leg.outcome_unknown = leg.interrupted = true;
    }
  }
  void operator()(const OrderConfirmed& e) const {
    order.outcome_unknown = false;
    order.legs.clear();
    order.error.reset();
    order.error_detail.clear();
    ++order.attempts_made;
    order.venue = e.venue;
    order.tx_hash = e.tx_hash;
    add_fill(order, e);
    order.slippage_realised_bps = e.slippage_realised_bps;
  }
  void operator()(const AttemptFailedOf<Text>& e) const {
    if (counts_as_attempt(order, e.error)) ++order.attempts_made;
    end_live_attempt(order, e.error, e.detail);
    order.retry_at = e.retry_at;
  }
  void operator()(const OrderFailedOf<Text>& e) const {
    end_live_attempt(order, e.error, e.detail);
    order.attempts_made = e.attempts_made;
    order.retry_at = {};
    order.needs_requeue = false;
  }
  void operator()(const OrderCancelledOf<Text>&) const { order.needs_requeue = false; }
  void operator()(const OrderExpiredOf<Text>&) const { order.needs_requeue = false; }
  void operator()(const DeadLetterRequeuedOf<Text>&) const {
    order.attempts_made = 0;
    order.requeued_at = record.time;
    order.retry_at = {};
    order.split_failed = false;
    order.error.reset();
    order.error_detail.clear();
  }
  void operator()(const DeadLetterDiscardedOf<Text>&) const {}
  // The end follows.
  void operator()(const OutcomeResolvedOf<Text>& e) const {
    if (e.leg) order.legs[*e.leg].stated_unsettled = !e.settled;
  }
  void operator()(const OrderRestedOf<Text>&) const { begin_anew(); }
  void operator()(const OrderTriggered&) const {
    order.triggered_at = record.time;
    begin_anew();
  }
  void operator()(const OrderPartiallyFilled& e) const {
    order.outcome_unknown = false;
    if (order.legs.empty()) order.split_failed = false;
    end_legs(order);
    order.error.reset();
    order.error_detail.clear();
    order.venue = e.venue;
    order.tx_hash = e.tx_hash;
    add_fill(order, e);
    begin_anew();
  }
  void operator()(const CancelRequestedOf<Text>& e) const {
    // The first one counts.
    if (!order.cancel_requested)
      order.cancel_requested = Order::Cancel{std::string(e.by), std::string(e.why)};
  }
  void operator()(const OrderAmendedOf<Text>& e) const {
    amend(order, e.terms);
    order.split_failed = false;
    begin_anew();
  }
  void operator()(const LegBuilt& e) const {
    OrderLeg& leg = order.legs.emplace_back();
    leg.venue = e.venue;
    leg.venue_order_id = e.venue_order_id;
    leg.amount_in = e.amount_in;
    leg.expected_out = e.expected_out;
    leg.min_out = e.min_out;
    leg.valid_until_height = e.valid_until_height;
    leg.path = e.path;
  }
  void operator()(const LegSubmitted& e) const {
    order.legs[e.leg].tx_hash = e.tx_hash;
    if (!order.tx_hash) order.tx_hash = e.tx_hash;
    answered(e.leg);
  }
  void operator()(const LegOutcomeUnknownOf<Text>& e) const {
    OrderLeg& leg = order.legs[e.leg];
    if (!order.outcome_unknown) order.unknown_since = record.time;
    order.outcome_unknown = leg.outcome_unknown = true;
    leg.interrupted = false;
    count_answers();
  }
  void operator()(const LegFilled& e) const {
    OrderLeg& leg = order.legs[e.leg];
    leg.tx_hash = e.tx_hash;
    leg.amount_in = e.amount_in;
    leg.filled = true;
    leg.amount_out = e.amount_out.units;
    leg.fee = e.fee.units;
    answered(e.leg);
  }
  void operator()(const LegEndedOf<Text>& e) const {
    order.legs[e.leg].error = e.error;
    order.legs[e.leg].error_detail = e.detail;
    order.split_failed = true;
    answered(e.leg);
  }
  // Not legal for an order.
  void operator()(const TradingHaltedOf<Text>&) const {}
  void operator()(const TradingResumedOf<Text>&) const {}
  void operator()(const RiskLimitsChangedOf<Text>&) const {}

 private:
  // The venue's answer for the leg is recorded.
  void answered(LegIndex leg) const {
    order.legs[leg].outcome_unknown = order.legs[leg].interrupted = false;
    order.outcome_unknown = std::any_of(order.legs.begin(), order.legs.end(),
                                        [](const OrderLeg& each) { return each.outcome_unknown; });
    count_answers();
  }
  // The count of interruptions ends when each leg has an answer: one that ends the process each
  // time must not hide behind the others.
  void count_answers() const {
    if (std::none_of(order.legs.begin(), order.legs.end(),
                     [](const OrderLeg& each) { return each.interrupted; }))
      order.interrupted_asks = 0;
  }
  // A fill, a rest, a trigger and new terms renew the budget of attempts.
  void begin_anew() const {
    order.attempts_made = 0;
    order.retry_at = {};
  }
};

template <class Text>
Result<void> apply(Order& order, const RecordOf<Text>& record) {
  const EventType type = type_of(record.event);
  if (record.order_id == engine_stream) return illegal(record, "belongs to no order");
  if (record.version != order.version + 1)
    return illegal(record, "expected version " + std::to_string(order.version + 1));
  if (order.phase != Phase::none && record.order_id != order.id)
    return illegal(record, "belongs to another order than " + to_text(order.id));
  if (!is_legal(order.phase, type))
    return illegal(record, "not legal when " + std::string(order.phase == Phase::none
                                                               ? "there is no such order"
                                                               : to_string(order.status())));
  if (!follows_statement(order, type))
    return illegal(record, order.needs_requeue ? "an operator has to requeue the order first"
                                               : "no attempt is under way");
  if (!names_right_attempt<Text>(order, record.event))
    return illegal(record, "names another attempt than " + std::to_string(order.attempt));
  if (!names_right_leg<Text>(order, record.event))
    return illegal(record, order.legs.empty() ? "the attempt is not split"
                                              : "not legal for the legs of the attempt");
  std::visit(Apply<Text>{order, record}, record.event);
  order.phase = transition_of(type).after;
  order.version = record.version;
  order.last_seq = record.seq;
  order.updated_at = record.time;
  return {};
}

}  // namespace

template <class Text>
FirstQuote first_quote_of(std::span<const VenueQuoteOf<Text>> quotes, std::uint32_t chosen,
                          std::uint32_t legs, Units remaining) {
  const auto amount_of = [&](const VenueQuoteOf<Text>& quote) {
    return quote.amount_in ? quote.amount_in->units : remaining;
  };
  U128 out = 0;
  U128 in = 0;
  for (const VenueQuoteOf<Text>& quote : quotes.subspan(chosen, legs)) {
    out += quote.amount_out.units;
    in += amount_of(quote);
  }
  FirstQuote first{static_cast<Units>(std::min<U128>(out, ~Units{0})),
                   static_cast<Units>(std::min<U128>(in, ~Units{0}))};
  if (legs < 2) return first;
  Units best = 0;
  for (std::size_t i = 0; i < quotes.size(); ++i) {
    const bool leg = i >= chosen && i - chosen < legs;
    if (!leg && quotes[i].error.empty() && amount_of(quotes[i]) == in)
      best = std::max(best, quotes[i].amount_out.units);
  }
  if (best > 0) first.amount_out = best;
  return first;
}
template FirstQuote first_quote_of<std::string>(std::span<const VenueQuote>, std::uint32_t,
                                                std::uint32_t, Units);
template FirstQuote first_quote_of<std::string_view>(
    std::span<const VenueQuoteOf<std::string_view>>, std::uint32_t, std::uint32_t, Units);

std::size_t live_legs(const Order& order) {
  return order.legs.empty() ? 1 : order.legs.size();
}

LiveLeg live_leg(const Order& order, LegIndex leg) {
  check(leg < live_legs(order), "live_leg: no such leg");
  if (order.legs.empty())
    return {order.venue,
            order.venue_order_id,
            order.attempt_in,
            order.min_out.units,
            order.valid_until_height,
            order.path,
            false};
  const OrderLeg& own = order.legs[leg];
  return {own.venue,         own.venue_order_id,     own.amount_in.units,
          own.min_out.units, own.valid_until_height, own.path,
          own.ended()};
}

Result<void> evolve(Order& order, const Record& record) {
  return apply(order, record);
}
Result<void> evolve(Order& order, const BorrowedRecord& record) {
  return apply(order, record);
}

}  // namespace oee
