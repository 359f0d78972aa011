// The order lifecycle as one table, for evolve(), the verifier, the tests and the documents. Pure;
// any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/order/event.h"

namespace oee {

enum class OrderStatus : std::uint8_t {
  pending,
  routing,
  building,
  submitted,
  confirmed,
  failed,
  cancelled,
  expired,
  resting,  // waits for its price
  none,     // of an event of no order; its name is empty
};
std::string_view to_string(OrderStatus status);  // "pending"
std::optional<OrderStatus> parse_order_status(std::string_view text);
inline constexpr std::size_t order_status_count = 9;  // that an order can have

// The state of an order, finer than its status: "routing, after RouteSelected" and "failed,
// discarded" are phases of their own, so that legality is one test of a bit.
enum class Phase : std::uint8_t {
  none,  // no such order
  pending,
  routing,
  routed,  // after RouteSelected; status routing
  building,
  submitted,
  confirmed,
  failed,
  discarded,  // status failed
  cancelled,
  expired,
  resting,
  engine,  // the engine's own stream, from its start: no order
};
inline constexpr std::size_t phase_count = 13;

using PhaseSet = std::uint16_t;
constexpr PhaseSet phase_bit(Phase phase) {
  return static_cast<PhaseSet>(1U << static_cast<unsigned>(phase));
}
template <class... P>
constexpr PhaseSet phases(P... phase) {
  return static_cast<PhaseSet>((phase_bit(phase) | ...));
}

struct Transition {
  EventType event;
  PhaseSet legal_from;
  Phase after;
};

inline constexpr std::array<Transition, event_type_count> lifecycle = {{
    {EventType::order_accepted, phases(Phase::none), Phase::pending},
    {EventType::routing_started,
     phases(Phase::pending, Phase::routing, Phase::routed, Phase::resting), Phase::routing},
    {EventType::route_selected, phases(Phase::routing), Phase::routed},
    {EventType::transaction_built, phases(Phase::routed), Phase::building},
    {EventType::transaction_submitted, phases(Phase::building, Phase::submitted), Phase::submitted},
    {EventType::outcome_unknown, phases(Phase::building, Phase::submitted), Phase::submitted},
    {EventType::order_confirmed, phases(Phase::building, Phase::submitted), Phase::confirmed},
    {EventType::attempt_failed,
     phases(Phase::routing, Phase::routed, Phase::building, Phase::submitted), Phase::pending},
    // Of a pending order only behind the fill of a split attempt: evolve() has the rule.
    {EventType::order_failed,
     phases(Phase::pending, Phase::routing, Phase::routed, Phase::building, Phase::submitted),
     Phase::failed},
    {EventType::order_cancelled,
     phases(Phase::pending, Phase::routing, Phase::routed, Phase::resting), Phase::cancelled},
    {EventType::order_expired,
     phases(Phase::pending, Phase::routing, Phase::routed, Phase::resting), Phase::expired},
    {EventType::dead_letter_requeued, phases(Phase::failed), Phase::pending},
    {EventType::dead_letter_discarded, phases(Phase::failed), Phase::discarded},
    {EventType::outcome_resolved, phases(Phase::building, Phase::submitted), Phase::submitted},
    {EventType::order_rested, phases(Phase::pending, Phase::routing), Phase::resting},
    {EventType::order_partially_filled, phases(Phase::building, Phase::submitted), Phase::pending},
    {EventType::cancel_requested, phases(Phase::building, Phase::submitted), Phase::submitted},
    {EventType::order_amended,
     phases(Phase::pending, Phase::routing, Phase::routed, Phase::resting), Phase::pending},
    {EventType::trading_halted, phases(Phase::engine), Phase::engine},
    {EventType::trading_resumed, phases(Phase::engine), Phase::engine},
    {EventType::order_triggered, phases(Phase::pending, Phase::resting), Phase::pending},
    {EventType::risk_limits_changed, phases(Phase::engine), Phase::engine},
    // Only in the append of TransactionBuilt.
    {EventType::leg_built, phases(Phase::building), Phase::building},
    {EventType::leg_submitted, phases(Phase::building, Phase::submitted), Phase::submitted},
    {EventType::leg_outcome_unknown, phases(Phase::building, Phase::submitted), Phase::submitted},
    {EventType::leg_filled, phases(Phase::building, Phase::submitted), Phase::submitted},
    {EventType::leg_ended, phases(Phase::building, Phase::submitted), Phase::submitted},
}};

constexpr const Transition& transition_of(EventType type) {
  return lifecycle[static_cast<std::size_t>(type)];
}
constexpr bool is_legal(Phase from, EventType event) {
  return (transition_of(event).legal_from & phase_bit(from)) != 0;
}
// The phase before the first event of a stream. The events of no order are legal in the engine's
// stream, and no others are.
constexpr Phase first_phase(const OrderId& id) {
  return id == engine_stream ? Phase::engine : Phase::none;
}
// An event of no order.
constexpr bool is_of_engine(EventType type) {
  return transition_of(type).after == Phase::engine;
}
constexpr OrderStatus status_of(Phase phase) {
  switch (phase) {
    case Phase::none:
    case Phase::pending:
      return OrderStatus::pending;
    case Phase::routing:
    case Phase::routed:
      return OrderStatus::routing;
    case Phase::building:
      return OrderStatus::building;
    case Phase::submitted:
      return OrderStatus::submitted;
    case Phase::confirmed:
      return OrderStatus::confirmed;
    case Phase::failed:
    case Phase::discarded:
      return OrderStatus::failed;
    case Phase::cancelled:
      return OrderStatus::cancelled;
    case Phase::expired:
      return OrderStatus::expired;
    case Phase::resting:
      return OrderStatus::resting;
    case Phase::engine:
      return OrderStatus::none;
  }
  return OrderStatus::pending;
}
// The status of an order after an event: a function of the event alone.
constexpr OrderStatus status_after(EventType type) {
  return status_of(transition_of(type).after);
}

// Open: the executor still has work to do for the order. A failed order is open again only after it
// is requeued.
constexpr bool is_open(Phase phase) {
  return (phases(Phase::pending, Phase::routing, Phase::routed, Phase::building, Phase::submitted,
                 Phase::resting) &
          phase_bit(phase)) != 0;
}
constexpr bool is_open(OrderStatus status) {
  return status <= OrderStatus::submitted || status == OrderStatus::resting;
}
// Final: no further event is legal. A failed order is final only after it is discarded.
constexpr bool is_final(Phase phase) {
  for (const Transition& transition : lifecycle)
    if ((transition.legal_from & phase_bit(phase)) != 0) return false;
  return true;
}
// Live attempt: its transaction is built and its end is not known.
constexpr bool is_live_attempt(Phase phase) {
  return phase == Phase::building || phase == Phase::submitted;
}

}  // namespace oee
