// Orders and events for tests: one maker of order ids, one sample event of every type, and an order
// in any phase. An order's usual history is order_accepted to order_confirmed: 1.5 SOL are sold for
// USDC at raydium in one attempt. Pure; any thread.
#pragma once

#include "core/base/bytes.h"
#include "core/order/order.h"

namespace oee::test {

// A UUIDv7 that ends with `n`: 01954d20-0000-7000-8000-000000000007 for 7. Ids rise with `n`.
// REQUIRES: n < 2^56.
inline OrderId order_id(std::uint64_t n) {
  OrderId id;
  id.bytes = {0x01, 0x95, 0x4d, 0x20, 0x00, 0x00, 0x70, 0x00};
  store_be<std::uint64_t>(&id.bytes[8], std::uint64_t{0x80} << 56 | n);
  return id;
}

inline LogId log_id(std::uint8_t fill) {
  LogId id;
  id.bytes.fill(fill);
  return id;
}

inline constexpr Decimal sample_amount_in{1'500'000'000, 9};  // SOL
inline constexpr Decimal sample_quote_out{224'433'022, 6};    // USDC
inline constexpr Decimal sample_quote_price{149'622'015, 6};

inline OrderAccepted accepted_event() {
  OrderAccepted event;
  event.account = "default";
  event.input = Token{"SOL", 9};
  event.output = Token{"USDC", 6};
  event.amount_in = sample_amount_in;
  return event;
}

inline RouteSelected route_event(Attempt attempt) {
  VenueQuote quote;
  quote.venue = "raydium";
  quote.amount_out = sample_quote_out;
  quote.price = sample_quote_price;
  quote.fee = Decimal{2'500'000, 9};
  RouteSelected event;
  event.attempt = attempt;
  event.quotes.push_back(quote);
  return event;
}

inline TransactionBuilt built_event(const OrderId& id, Attempt attempt) {
  TransactionBuilt event;
  event.attempt = attempt;
  event.venue = "raydium";
  event.venue_order_id = venue_order_id_of(id, attempt);
  event.amount_in = sample_amount_in;
  event.expected_out = sample_quote_out;
  event.min_out = Decimal{222'188'692, 6};  // the quote less 1 %, rounded up
  event.price = sample_quote_price;
  event.valid_until_height = 1'000;
  return event;
}

inline TransactionSubmitted submitted_event(Attempt attempt) {
  TransactionSubmitted event;
  event.attempt = attempt;
  event.venue = "raydium";
  event.tx_hash.bytes.fill(7);
  return event;
}

// Settled a little below the quote.
inline OrderConfirmed confirmed_event(Attempt attempt) {
  OrderConfirmed event;
  event.attempt = attempt;
  event.venue = "raydium";
  event.tx_hash.bytes.fill(7);
  event.amount_in = sample_amount_in;
  event.amount_out = Decimal{224'000'000, 6};
  event.executed_price = Decimal{149'333'333'333'333'333, 15};
  event.fee = Decimal{2'500'000, 9};
  return event;
}

// A third of the order.
inline OrderPartiallyFilled partial_fill_event(Attempt attempt) {
  OrderPartiallyFilled event;
  event.attempt = attempt;
  event.venue = "raydium";
  event.tx_hash.bytes.fill(7);
  event.amount_in = Decimal{500'000'000, 9};
  event.amount_out = Decimal{74'900'000, 6};
  event.executed_price = price_of(event.amount_out, event.amount_in);
  event.fee = Decimal{1'000'000, 9};
  return event;
}

// A leg that sells half of what built_event() does.
inline LegBuilt leg_built_event(const OrderId& id, Attempt attempt, LegIndex leg) {
  const TransactionBuilt sums = built_event(id, attempt);
  LegBuilt event;
  event.attempt = attempt;
  event.leg = leg;
  event.venue = sums.venue;
  event.venue_order_id = venue_order_id_of(id, attempt, leg);
  event.amount_in = {sums.amount_in.units / 2, sums.amount_in.scale};
  event.expected_out = {sums.expected_out.units / 2, sums.expected_out.scale};
  event.min_out = {sums.min_out.units / 2, sums.min_out.scale};
  event.price = sums.price;
  event.valid_until_height = sums.valid_until_height;
  return event;
}

inline LegFilled leg_filled_event(Attempt attempt, LegIndex leg) {
  const OrderConfirmed sums = confirmed_event(attempt);
  LegFilled event;
  event.attempt = attempt;
  event.leg = leg;
  event.venue = sums.venue;
  event.tx_hash.bytes.fill(static_cast<std::uint8_t>(7 + leg));
  event.amount_in = {sums.amount_in.units / 2, sums.amount_in.scale};
  event.amount_out = {sums.amount_out.units / 2, sums.amount_out.scale};
  event.executed_price = price_of(event.amount_out, event.amount_in);
  event.fee = {sums.fee.units / 2, sums.fee.scale};
  return event;
}

// An event of this type for this attempt of this order. `attempt`: the one that the event names.
inline Event sample_event(EventType type, const OrderId& id, Attempt attempt) {
  switch (type) {
    case EventType::order_accepted:
      return accepted_event();
    case EventType::routing_started:
      return RoutingStarted{attempt};
    case EventType::route_selected:
      return route_event(attempt);
    case EventType::transaction_built:
      return built_event(id, attempt);
    case EventType::transaction_submitted:
      return submitted_event(attempt);
    case EventType::outcome_unknown:
      return OutcomeUnknown{attempt, "timeout"};
    case EventType::order_confirmed:
      return confirmed_event(attempt);
    case EventType::attempt_failed:
      return AttemptFailed{attempt, ErrorClass::slippage_exceeded, "below min out", WallTime{}};
    case EventType::order_failed:
      return OrderFailed{attempt, ErrorClass::slippage_exceeded, "below min out", 3};
    case EventType::order_cancelled:
      return OrderCancelled{"default", "asked"};
    case EventType::order_expired:
      return OrderExpired{"engine", "expiresAt"};
    case EventType::dead_letter_requeued:
      return DeadLetterRequeued{"ops", "again"};
    case EventType::dead_letter_discarded:
      return DeadLetterDiscarded{"ops", "hopeless"};
    case EventType::outcome_resolved: {
      OutcomeResolved event;
      event.attempt = attempt;
      event.by = "ops";
      event.why = "the venue's support";
      return event;
    }
    case EventType::order_rested:
      return OrderRested{"below the limit"};
    case EventType::order_partially_filled:
      return partial_fill_event(attempt);
    case EventType::cancel_requested:
      return CancelRequested{"default", "asked"};
    case EventType::order_amended: {
      OrderAmended event{"default", "asked", {}, {}, {}};
      event.terms.slippage_bps = 70;
      return event;
    }
    case EventType::trading_halted:
      return TradingHalted{HaltScope::all, "", "ops", "depeg"};
    case EventType::trading_resumed:
      return TradingResumed{1, "ops", "over"};
    case EventType::order_triggered:
      return OrderTriggered{"raydium", Decimal{1'495, 1}, 7, {}};
    case EventType::risk_limits_changed:
      return RiskLimitsChanged{"oee/risk-limits/2\n", "engine", "reload"};
    case EventType::leg_built:
      return leg_built_event(id, attempt, 0);
    case EventType::leg_submitted:
      return LegSubmitted{attempt, 0, "raydium", submitted_event(attempt).tx_hash};
    case EventType::leg_outcome_unknown:
      return LegOutcomeUnknown{attempt, 0, "timeout"};
    case EventType::leg_filled:
      return leg_filled_event(attempt, 0);
    case EventType::leg_ended:
      return LegEnded{attempt, 0, ErrorClass::slippage_exceeded, "below min out"};
  }
  return accepted_event();
}

// The same for the order as it is now: its attempt, or the next one when routing starts.
inline Event sample_event(EventType type, const Order& order) {
  const bool starts = type == EventType::routing_started &&
                      (order.phase == Phase::pending || order.phase == Phase::resting);
  return sample_event(type, order.id, starts ? order.attempt + 1 : order.attempt);
}

inline Record make_record(const Order& order, Event event, Seq seq = 0) {
  Record record;
  record.seq = seq != 0 ? seq : order.last_seq + 1;
  record.order_id = order.id;
  record.version = order.version + 1;
  record.time = order.updated_at + Micros{1'000};
  record.event = std::move(event);
  return record;
}

// Folds events of these types, in order, into a new order.
inline Order order_after(std::initializer_list<EventType> events, OrderId id = order_id(7)) {
  Order order;
  order.id = id;
  for (const EventType type : events) {
    Record record = make_record(order, sample_event(type, order));
    record.order_id = id;
    check(evolve(order, record).ok(), "order_after: an illegal sequence of events");
  }
  return order;
}

// The phases of orders are 1 to here, half-open.
inline constexpr std::size_t order_phases_end = static_cast<std::size_t>(Phase::engine);

// An order in this phase, reached by legal events. REQUIRES: a phase of orders.
inline Order order_at(Phase phase) {
  using E = EventType;
  switch (phase) {
    case Phase::none:
    case Phase::engine:
      break;
    case Phase::pending:
      return order_after({E::order_accepted});
    case Phase::routing:
      return order_after({E::order_accepted, E::routing_started});
    case Phase::routed:
      return order_after({E::order_accepted, E::routing_started, E::route_selected});
    case Phase::building:
      return order_after(
          {E::order_accepted, E::routing_started, E::route_selected, E::transaction_built});
    case Phase::submitted:
      return order_after({E::order_accepted, E::routing_started, E::route_selected,
                          E::transaction_built, E::transaction_submitted});
    case Phase::confirmed:
      return order_after({E::order_accepted, E::routing_started, E::route_selected,
                          E::transaction_built, E::transaction_submitted, E::order_confirmed});
    case Phase::failed:
      return order_after({E::order_accepted, E::routing_started, E::order_failed});
    case Phase::discarded:
      return order_after(
          {E::order_accepted, E::routing_started, E::order_failed, E::dead_letter_discarded});
    case Phase::cancelled:
      return order_after({E::order_accepted, E::order_cancelled});
    case Phase::expired:
      return order_after({E::order_accepted, E::order_expired});
    case Phase::resting:
      return order_after({E::order_accepted, E::order_rested});
  }
  return {};
}

}  // namespace oee::test
