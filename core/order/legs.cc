#include "core/order/legs.h"

#include <array>

namespace oee {
namespace {

constexpr std::array<std::string_view, 7> names = {"built",    "submitted", "unknown",  "filled",
                                                   "rejected", "expired",   "cancelled"};

LegStatus status_after(ErrorClass error) {
  if (error == ErrorClass::attempt_expired) return LegStatus::expired;
  if (error == ErrorClass::attempt_cancelled) return LegStatus::cancelled;
  return LegStatus::rejected;
}

// One overload per event that changes a leg. Only the last leg may be live.
struct Apply {
  std::vector<Leg>& legs;

  void operator()(const TransactionBuilt& e) const {
    Leg& leg = legs.emplace_back();
    leg.number = e.attempt;
    leg.venue = e.venue;
    leg.venue_order_id = e.venue_order_id;
    leg.amount_in = e.amount_in;
    leg.min_out = e.min_out;
    leg.expected_out = e.expected_out;
    leg.path = e.path;
  }
  void operator()(const TransactionSubmitted& e) const {
    Leg* const leg = leg_of(e.attempt);
    if (leg == nullptr) return;
    leg->status = LegStatus::submitted;
    leg->tx_hash = e.tx_hash;
  }
  void operator()(const OutcomeUnknown& e) const {
    if (Leg* const leg = leg_of(e.attempt)) leg->status = LegStatus::unknown;
  }
  void operator()(const OrderConfirmed& e) const { fill(e); }
  void operator()(const OrderPartiallyFilled& e) const { fill(e); }
  void operator()(const AttemptFailed& e) const { end(e); }
  void operator()(const OrderFailed& e) const { end(e); }
  void operator()(const auto&) const {}

 private:
  // Null: the attempt was not built.
  Leg* leg_of(Attempt attempt) const {
    return !legs.empty() && legs.back().number == attempt ? &legs.back() : nullptr;
  }
  void fill(const auto& e) const {
    Leg* const leg = leg_of(e.attempt);
    if (leg == nullptr) return;
    leg->status = LegStatus::filled;
    leg->tx_hash = e.tx_hash;
    leg->amount_in = e.amount_in;
    leg->fill = LegFill{e.amount_out, e.executed_price, e.fee};
  }
  void end(const auto& e) const {
    Leg* const leg = leg_of(e.attempt);
    if (leg == nullptr) return;
    leg->status = status_after(e.error);
    leg->error = e.error;
    leg->detail = e.detail;
  }
};

}  // namespace

std::string_view to_string(LegStatus status) {
  return names[static_cast<std::size_t>(status)];
}

std::vector<Leg> legs_of(std::span<const Record> records) {
  std::vector<Leg> legs;
  for (const Record& record : records) std::visit(Apply{legs}, record.event);
  return legs;
}

}  // namespace oee
