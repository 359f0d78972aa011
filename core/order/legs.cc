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

// One overload per event that changes a leg. Only legs of the last attempt may be live.
struct Apply {
  std::vector<Leg>& legs;

  void operator()(const TransactionBuilt& e) const { build(e); }
  // Leg 0 takes the place of the sums.
  void operator()(const LegBuilt& e) const {
    if (e.leg == 0 && !legs.empty() && legs.back().number == e.attempt) legs.pop_back();
    build(e).index = e.leg;
  }
  void operator()(const LegSubmitted& e) const {
    Leg* const leg = leg_of(e.attempt, e.leg);
    if (leg == nullptr) return;
    leg->status = LegStatus::submitted;
    leg->tx_hash = e.tx_hash;
  }
  void operator()(const LegOutcomeUnknown& e) const {
    if (Leg* const leg = leg_of(e.attempt, e.leg)) leg->status = LegStatus::unknown;
  }
  void operator()(const LegFilled& e) const { fill(leg_of(e.attempt, e.leg), e); }
  void operator()(const LegEnded& e) const { end(leg_of(e.attempt, e.leg), e); }
  void operator()(const TransactionSubmitted& e) const {
    Leg* const leg = leg_of(e.attempt);
    if (leg == nullptr) return;
    leg->status = LegStatus::submitted;
    leg->tx_hash = e.tx_hash;
  }
  // After a start it concerns each open leg of a split attempt.
  void operator()(const OutcomeUnknown& e) const {
    for (Leg& leg : legs)
      if (leg.number == e.attempt && !leg.fill && !leg.error) leg.status = LegStatus::unknown;
  }
  void operator()(const OrderConfirmed& e) const { fill(leg_of(e.attempt), e); }
  void operator()(const OrderPartiallyFilled& e) const { fill(leg_of(e.attempt), e); }
  void operator()(const AttemptFailed& e) const { end(leg_of(e.attempt), e); }
  void operator()(const OrderFailed& e) const { end(leg_of(e.attempt), e); }
  void operator()(const auto&) const {}

 private:
  Leg& build(const auto& e) const {
    Leg& leg = legs.emplace_back();
    leg.number = e.attempt;
    leg.venue = e.venue;
    leg.venue_order_id = e.venue_order_id;
    leg.amount_in = e.amount_in;
    leg.min_out = e.min_out;
    leg.expected_out = e.expected_out;
    leg.path = e.path;
    return leg;
  }
  // Null: the attempt has no such leg. Without an index: the leg of an attempt that is not split.
  Leg* leg_of(Attempt attempt, std::optional<LegIndex> index = {}) const {
    for (auto leg = legs.rbegin(); leg != legs.rend() && leg->number == attempt; ++leg)
      if (leg->index == index) return &*leg;
    return nullptr;
  }
  static void fill(Leg* leg, const auto& e) {
    if (leg == nullptr) return;
    leg->status = LegStatus::filled;
    leg->tx_hash = e.tx_hash;
    leg->amount_in = e.amount_in;
    leg->fill = LegFill{e.amount_out, e.executed_price, e.fee};
  }
  static void end(Leg* leg, const auto& e) {
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
