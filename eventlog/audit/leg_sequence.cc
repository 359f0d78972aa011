#include "eventlog/audit/leg_sequence.h"

#include "core/order/lifecycle.h"

namespace oee {
namespace {

bool ends_attempt(EventType type) {
  return type == EventType::order_confirmed || type == EventType::order_partially_filled ||
         type == EventType::attempt_failed || type == EventType::order_failed;
}

}  // namespace

std::string LegSequence::take(const RecordView& record) {
  if (built_ < to_build_ && record.type != EventType::leg_built)
    return "leg " + std::to_string(built_) + " of the split attempt is not built";
  if (all_ended() && !ends_attempt(record.type))
    return "the attempt's end does not follow the end of its last leg";
  if (needs_requeue_) {
    needs_requeue_ = false;
    return !is_open(status_after(record.type))
               ? std::string()
               : "it goes on after an operator stated that a leg never settled";
  }
  switch (record.type) {
    case EventType::routing_started:
      *this = {};
      return {};
    case EventType::route_selected:
      stated_ = static_cast<std::uint8_t>(record.legs);
      return {};
    case EventType::transaction_built:
      to_build_ = stated_ > 1 ? stated_ : 0;
      return {};
    case EventType::leg_built:
      if (built_ >= to_build_) return "it is not behind the TransactionBuilt of a split attempt";
      if (record.leg != built_)
        return "it is leg " + std::to_string(*record.leg) + ", not " + std::to_string(built_);
      ++built_;
      return {};
    case EventType::leg_submitted:
    case EventType::leg_outcome_unknown:
      return wrong_leg(*record.leg);
    case EventType::leg_filled:
    case EventType::leg_ended:
      if (std::string wrong = wrong_leg(*record.leg); !wrong.empty()) return wrong;
      ended_ = static_cast<std::uint8_t>(ended_ | 1U << *record.leg);
      return {};
    case EventType::outcome_resolved:
      stated_unsettled_ |= record.leg && !record.settled;
      if (record.leg) return wrong_leg(*record.leg);
      return is_split() ? "it names no leg, and the attempt is split" : std::string();
    case EventType::transaction_submitted:
      return is_split() ? "the attempt is split" : std::string();
    case EventType::outcome_unknown:
      return is_split() && !record.interrupted ? "the attempt is split, and it names no leg"
                                               : std::string();
    default:
      return ends_attempt(record.type) ? end_of_attempt(record.type) : std::string();
  }
}

std::string LegSequence::wrong_leg(std::uint8_t leg) const {
  if (leg >= built_) return "the attempt has no leg " + std::to_string(leg);
  if ((ended_ >> leg & 1U) != 0) return "leg " + std::to_string(leg) + " has ended";
  return {};
}

std::string LegSequence::end_of_attempt(EventType type) {
  if (is_split() && !all_ended()) return "a leg of the attempt is open";
  const bool needs_requeue = stated_unsettled_ && is_open(status_after(type));
  *this = {};
  needs_requeue_ = needs_requeue;
  return {};
}

}  // namespace oee
