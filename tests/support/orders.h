// Orders and events for tests: an order in any phase, a legal-looking event of any type.
#pragma once

#include "core/order/order.h"

namespace oee::test {

inline OrderId order_id(std::uint64_t n) {
  OrderId id;
  for (int i = 0; i < 8; ++i) {
    id.bytes[static_cast<std::size_t>(15 - i)] = static_cast<std::uint8_t>(n >> (8 * i));
    id.bytes[static_cast<std::size_t>(7 - i)] = static_cast<std::uint8_t>((n + 1) * 31 >> (8 * i));
  }
  return id;
}

inline OrderAccepted accepted_event() {
  OrderAccepted event;
  event.account = "default";
  event.input = Token{"SOL", 9};
  event.output = Token{"USDC", 6};
  event.amount_in = Decimal{1'000'000'000, 9};
  return event;
}

// An event of this type that names the order's attempt rightly.
inline Event sample_event(EventType type, const Order& order) {
  const Attempt attempt = order.attempt;
  switch (type) {
    case EventType::order_accepted:
      return accepted_event();
    case EventType::routing_started:
      return RoutingStarted{order.phase == Phase::pending ? attempt + 1 : attempt};
    case EventType::route_selected: {
      RouteSelected event;
      event.attempt = attempt;
      VenueQuote quote;
      quote.venue = "raydium";
      quote.amount_out = Decimal{149'000'000, 6};
      quote.price = Decimal{149, 0};
      event.quotes = {quote};
      return event;
    }
    case EventType::transaction_built: {
      TransactionBuilt event;
      event.attempt = attempt;
      event.venue = "raydium";
      event.venue_order_id = venue_order_id_of(order.id, attempt);
      event.amount_in = Decimal{1'000'000'000, 9};
      event.expected_out = Decimal{149'000'000, 6};
      event.min_out = Decimal{147'510'000, 6};
      event.price = Decimal{149, 0};
      event.valid_until_height = 1'000;
      return event;
    }
    case EventType::transaction_submitted:
      return TransactionSubmitted{attempt, "raydium", TxHash{}};
    case EventType::outcome_unknown:
      return OutcomeUnknown{attempt, "timeout"};
    case EventType::order_confirmed: {
      OrderConfirmed event;
      event.attempt = attempt;
      event.venue = "raydium";
      event.amount_in = Decimal{1'000'000'000, 9};
      event.amount_out = Decimal{148'900'000, 6};
      event.executed_price = Decimal{1'489, 1};
      event.fee = Decimal{3'000'000, 9};
      event.slippage_realised_bps = 6;
      return event;
    }
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
  }
  return accepted_event();
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
    check(evolve(order, record).ok(), "order_after: illegal story");
  }
  return order;
}

// An order in this phase, by a legal way. REQUIRES: phase != none.
inline Order order_at(Phase phase) {
  using E = EventType;
  switch (phase) {
    case Phase::none:
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
  }
  return {};
}

}  // namespace oee::test
