#include "core/order/event.h"

#include <array>

#include "core/order/names.h"

namespace oee {
namespace {

constexpr std::array<std::string_view, event_type_count> event_names = {
    "OrderAccepted",        "RoutingStarted",    "RouteSelected",  "TransactionBuilt",
    "TransactionSubmitted", "OutcomeUnknown",    "OrderConfirmed", "AttemptFailed",
    "OrderFailed",          "OrderCancelled",    "OrderExpired",   "DeadLetterRequeued",
    "DeadLetterDiscarded",  "OutcomeResolved",   "OrderRested",    "OrderPartiallyFilled",
    "CancelRequested",      "OrderAmended",      "TradingHalted",  "TradingResumed",
    "OrderTriggered",       "RiskLimitsChanged", "LegBuilt",       "LegSubmitted",
    "LegOutcomeUnknown",    "LegFilled",         "LegEnded"};

constexpr std::array<std::string_view, static_cast<std::size_t>(error_class_last) + 1> error_names =
    {"slippage_exceeded", "venue_unavailable", "rate_limited", "invalid_order", "no_liquidity",
     "attempt_expired",   "attempt_cancelled", "interrupted",  "no_quote"};

constexpr std::array<std::string_view, static_cast<std::size_t>(order_type_last) + 1>
    order_type_names = {"market", "limit", "stop", "sniper", "twap"};

constexpr std::array<std::string_view, static_cast<std::size_t>(trigger_when_last) + 1>
    trigger_when_names = {"atOrBelow", "atOrAbove"};

constexpr std::array<std::string_view, static_cast<std::size_t>(time_in_force_last) + 1>
    time_in_force_names = {"", "gtc", "gtt", "ioc", "fok"};

constexpr std::array<std::string_view, static_cast<std::size_t>(halt_scope_last) + 1> scope_names =
    {"all", "account", "token", "venue"};

}  // namespace

EventKeys keys_of(const Event& event) {
  return std::visit(
      [](const auto& e) {
        EventKeys keys;
        if constexpr (requires { e.account; }) keys.account = e.account;
        if constexpr (requires { e.by; }) keys.account = e.by;
        if constexpr (requires { e.client_order_id; }) keys.client_order_id = e.client_order_id;
        if constexpr (requires { e.idempotency_key; }) {
          keys.idempotency_key = e.idempotency_key;
          keys.fingerprint = e.fingerprint;
        }
        return keys;
      },
      event);
}

std::string to_text(const HopPath& path) {
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    text += path[i].pool.view();
    if (i + 1 == path.size()) break;
    text.append(">").append(path[i].output.view()).append(">");
  }
  return text;
}

std::string_view to_string(EventType type) {
  return event_names[static_cast<std::size_t>(type)];
}
std::optional<EventType> parse_event_type(std::string_view text) {
  return parse_name<EventType>(event_names, text);
}
std::string_view to_string(ErrorClass error) {
  return error_names[static_cast<std::size_t>(error)];
}
std::optional<ErrorClass> parse_error_class(std::string_view text) {
  return parse_name<ErrorClass>(error_names, text);
}
std::string_view to_string(OrderType type) {
  return order_type_names[static_cast<std::size_t>(type)];
}
std::optional<OrderType> parse_order_type(std::string_view text) {
  return parse_name<OrderType>(order_type_names, text);
}
std::string_view to_string(TriggerWhen when) {
  return trigger_when_names[static_cast<std::size_t>(when)];
}
std::optional<TriggerWhen> parse_trigger_when(std::string_view text) {
  return parse_name<TriggerWhen>(trigger_when_names, text);
}
std::string_view to_string(TimeInForce time) {
  return time_in_force_names[static_cast<std::size_t>(time)];
}
std::optional<TimeInForce> parse_time_in_force(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return parse_name<TimeInForce>(time_in_force_names, text);
}
std::string_view to_string(HaltScope scope) {
  return scope_names[static_cast<std::size_t>(scope)];
}
std::optional<HaltScope> parse_halt_scope(std::string_view text) {
  return parse_name<HaltScope>(scope_names, text);
}

}  // namespace oee
