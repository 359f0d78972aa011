#include "eventlog/audit/halt_checker.h"

#include <algorithm>

#include "core/order/lifecycle.h"

namespace oee {

bool HaltChecker::InForce::covers(const Terms& terms, const RecordView& record) const {
  switch (scope) {
    case HaltScope::all:
      return true;
    case HaltScope::account:
      return value == terms.account;
    case HaltScope::token:
      return value == terms.input.view() || value == terms.output.view() ||
             std::any_of(record.path.begin(), record.path.end(),
                         [this](const Hop& hop) { return value == hop.output.view(); });
    case HaltScope::venue:
      return value == record.venue;
  }
  return false;
}

std::optional<Finding> HaltChecker::take(const RecordView& record) {
  switch (record.type) {
    case EventType::trading_halted:
      if ((record.halt_scope == HaltScope::all) != record.halt_value.empty())
        return Finding{Invariant::log_record, "the scope has a wrong value"};
      halts_.push_back({record.seq, record.halt_scope, std::string(record.halt_value)});
      return std::nullopt;
    case EventType::trading_resumed:
      return resume(record.halt);
    case EventType::order_accepted: {
      Terms& terms = open_[record.order_id];
      terms = {std::string(record.account), Symbol(record.input_token),
               Symbol(record.output_token)};
      return check(terms, record);
    }
    case EventType::transaction_built:
    case EventType::leg_built:
      return check(open_[record.order_id], record);
    default:
      if (is_final(transition_of(record.type).after)) open_.erase(record.order_id);
      return std::nullopt;
  }
}

std::optional<Finding> HaltChecker::check(const Terms& terms, const RecordView& record) const {
  for (const InForce& halt : halts_)
    if (halt.covers(terms, record))
      return Finding{Invariant::order_halted,
                     "the halt of seq " + std::to_string(halt.seq) + " covers it"};
  return std::nullopt;
}

std::optional<Finding> HaltChecker::resume(Seq halt) {
  if (std::erase_if(halts_, [halt](const InForce& each) { return each.seq == halt; }) == 1)
    return std::nullopt;
  return Finding{Invariant::order_transition,
                 "no halt of seq " + std::to_string(halt) + " is in force"};
}

}  // namespace oee
