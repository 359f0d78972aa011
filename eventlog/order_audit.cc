#include "eventlog/order_audit.h"

#include <type_traits>

namespace oee {
namespace {

std::string describe(const RecordHeader& header) {
  return std::string(to_string(header.type)) + " of order " + to_text(header.order_id) +
         " version " + std::to_string(header.version);
}

struct CheckEvent {
  const RecordHeader& header;
  Attempt attempt;  // the one that is under way, or the last one
  Phase phase;

  // What is wrong with the event's own members; empty: nothing.
  std::string operator()(const OrderAccepted& e) const {
    if (e.amount_in.units == 0) return "the amount is zero";
    if (e.amount_in.scale != e.input.decimals) return "the amount's scale is not its token's";
    return {};
  }
  std::string operator()(const RoutingStarted& e) const {
    // A new attempt has the next number; an interrupted one is started again under its own.
    const Attempt expected = phase == Phase::pending ? attempt + 1 : attempt;
    return names(e.attempt, expected);
  }
  std::string operator()(const RouteSelected& e) const {
    if (e.chosen >= e.quotes.size()) return "the chosen quote is not among the quotes";
    if (!e.quotes[e.chosen].error.empty()) return "the chosen quote is an error";
    return names(e.attempt, attempt);
  }
  std::string operator()(const TransactionBuilt& e) const {
    // With attempts that only rise and one TransactionBuilt for each (the table), this makes a
    // venue order id unique for ever.
    if (e.venue_order_id != venue_order_id_of(header.order_id, e.attempt)) {
      return "the venue order id is not the one of attempt " + std::to_string(e.attempt);
    }
    return names(e.attempt, attempt);
  }
  std::string operator()(const auto& e) const {
    if constexpr (requires { e.attempt; }) {
      return names(e.attempt, attempt);
    } else {
      return {};
    }
  }

  static std::string names(Attempt named, Attempt expected) {
    if (named == expected) return {};
    return "it names attempt " + std::to_string(named) + ", not " + std::to_string(expected);
  }
};

Attempt attempt_after(Attempt before, const Event& event) {
  const auto* started = std::get_if<RoutingStarted>(&event);
  return started != nullptr ? started->attempt : before;
}

}  // namespace

std::optional<std::string> OrderAudit::take(const RecordHeader& header, const Event& event) {
  Standing& order = orders_[header.order_id];
  if (header.version != order.version + 1) {
    return describe(header) + " follows version " + std::to_string(order.version);
  }
  if (!is_legal(order.phase, header.type)) {
    return describe(header) + " is not legal " +
           (order.phase == Phase::none
                ? "before OrderAccepted"
                : "when the order is " + std::string(to_string(status_of(order.phase))));
  }
  std::string wrong = std::visit(CheckEvent{header, order.attempt, order.phase}, event);
  if (!wrong.empty()) return describe(header) + ": " + wrong;
  order.version = header.version;
  order.attempt = attempt_after(order.attempt, event);
  order.phase = transition_of(header.type).after;
  return std::nullopt;
}

}  // namespace oee
