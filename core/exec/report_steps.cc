// The records that follow from the venues' reports about live attempts.
#include <algorithm>

#include "core/exec/executor.h"
#include "core/exec/venue_text.h"

namespace oee {
namespace {

// Of a settled leg.
AttemptFill fill_of(const VenueReport& report) {
  AttemptFill fill;
  fill.tx_hash = report.tx_hash;
  fill.amount_in = report.amount_in;
  fill.amount_out = report.amount_out;
  fill.fee = report.fee;
  return fill;
}

// The call has no answer, or the venue does not find the leg.
bool is_unknown(const Result<VenueReport>& report) {
  return !report.ok() || report->status == VenueStatus::not_found;
}

// The venue's statement cannot be true, so the outcome is not known.
bool is_impossible(const Order& order, const Result<VenueReport>& report) {
  if (!report.ok() || report->status != VenueStatus::settled) return false;
  const FillsRoom room = room_for_fills(order);
  return report->amount_out > room.amount_out || report->fee > room.fee;
}

std::string seen_in(const Result<VenueReport>& report) {
  if (report.ok() && report->status == VenueStatus::settled)
    return "the venue states a fill with which the order's fills exceed 2^64 base units";
  if (report.ok()) return "the venue does not find it";
  return bounded_venue_text(std::string(to_string(report.error().code)) + ": " +
                            report.error().detail);
}

// REQUIRES: the report is of an end without a settlement.
AttemptEnd end_of(const VenueReport& report) {
  AttemptEnd end;
  end.detail = bounded_venue_text(report.detail);
  end.venue_delay = report.retry_after;
  switch (report.status) {
    case VenueStatus::rejected:
      end.error = report.refusal;
      break;
    case VenueStatus::expired:
      end.error = ErrorClass::attempt_expired;
      break;
    case VenueStatus::cancelled:
      end.error = ErrorClass::attempt_cancelled;
      break;
    case VenueStatus::accepted:
    case VenueStatus::settled:
    case VenueStatus::not_found:
      check(false, "end_of: the attempt may trade");
  }
  return end;
}

}  // namespace

std::optional<AppendBuilder> Executor::append_for(const Order& order, const Fact& fact) {
  if (!order.legs.empty()) return append_for_leg(order, fact);
  const Result<VenueReport>& report = fact.report;
  const WallTime now = clock_.now();
  std::optional<AppendBuilder> builder(order);
  if (is_unknown(report) || is_impossible(order, report)) {
    // It is recorded once, and again when it ends the count of interruptions. A submit follows when
    // the venue does not find it: the answer to that ends the count. During a halt none follows.
    const bool ends_count = order.interrupted_asks > 0 && (!report.ok() || leg_halted(order, 0));
    if (order.outcome_unknown && !ends_count) return std::nullopt;
    builder->add(OutcomeUnknown{fact.attempt, seen_in(report)}, now);
    return builder;
  }
  // Recorded once for each attempt: a venue whose answers alternate must not fill the log.
  // After a start that counted an interruption it is recorded again, which ends the count.
  const bool accepted = report->status == VenueStatus::accepted;
  const bool settled = report->status == VenueStatus::settled;
  if (((accepted || settled) && !order.tx_hash) || (accepted && order.interrupted_asks > 0))
    builder->add(
        TransactionSubmitted{fact.attempt, order.venue, order.tx_hash.value_or(report->tx_hash)},
        now);
  if (accepted) return builder->empty() ? std::nullopt : std::move(builder);
  if (settled) {
    builder->add(settle(builder->order(), fill_of(*report)), now);
    if (auto rest = end_of_rest(builder->order(), log_now())) builder->add(*std::move(rest), now);
  } else {
    add_end(*builder, end_of(*report));
  }
  return builder;
}

// As above; the end of the last leg is followed by that of the attempt.
std::optional<AppendBuilder> Executor::append_for_leg(const Order& order, const Fact& fact) {
  const Result<VenueReport>& report = fact.report;
  const OrderLeg& leg = order.legs[fact.leg];
  const WallTime now = clock_.now();
  std::optional<AppendBuilder> builder(order);
  if (is_unknown(report) || is_impossible(order, report)) {
    const bool ends_count = leg.interrupted && (!report.ok() || leg_halted(order, fact.leg));
    if (leg.outcome_unknown && !ends_count) return std::nullopt;
    builder->add(LegOutcomeUnknown{fact.attempt, fact.leg, seen_in(report)}, now);
    return builder;
  }
  const bool accepted = report->status == VenueStatus::accepted;
  const bool settled = report->status == VenueStatus::settled;
  if (((accepted || settled) && !leg.tx_hash) || (accepted && leg.interrupted))
    builder->add(
        LegSubmitted{fact.attempt, fact.leg, leg.venue, leg.tx_hash.value_or(report->tx_hash)},
        now);
  if (accepted) return builder->empty() ? std::nullopt : std::move(builder);
  if (settled) {
    builder->add(settle_leg(builder->order(), fact.leg, fill_of(*report)), now);
  } else {
    AttemptEnd end = end_of(*report);
    builder->add(LegEnded{fact.attempt, fact.leg, end.error, std::move(end.detail)}, now);
  }
  if (!builder->order().legs_ended()) return builder;
  for (Event& event : end_of_legs(builder->order(), venue_delay_of(order.id), options_.retry,
                                  log_now(), entropy_.next()))
    builder->add(std::move(event), now);
  if (auto rest = end_of_rest(builder->order(), log_now())) builder->add(*std::move(rest), now);
  return builder;
}

// The longest delay that a venue has named for a leg of the live attempt.
Micros Executor::venue_delay_of(const OrderId& id) const {
  Micros longest{0};
  for (const AtVenue& leg : actors_.at(id).legs) longest = std::max(longest, leg.venue_delay);
  return longest;
}

void Executor::add_end(AppendBuilder& builder, const AttemptEnd& end) {
  const WallTime now = clock_.now();
  builder.add(end_attempt(builder.order(), end, options_.retry, log_now(), entropy_.next()), now);
  if (auto rest = end_of_rest(builder.order(), log_now())) builder.add(*std::move(rest), now);
}

}  // namespace oee
