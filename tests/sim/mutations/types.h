// Deliberate bugs of stop and twap orders and of exact outputs: records that state other triggers
// or inputs, and starts that read other orders than the log has. One thread.
#pragma once

#include "tests/sim/mutations/records.h"
#include "tests/sim/mutations/seams.h"

namespace oee::sim {

// The engine compares with one side of the trigger, and the log states the other.
inline void has_the_other_side(OrderAccepted& order) {
  auto& trigger = order.type_terms.trigger;
  if (!trigger) return;
  trigger->when = trigger->when == TriggerWhen::at_or_above ? TriggerWhen::at_or_below
                                                            : TriggerWhen::at_or_above;
}

// An order whose price has come at its acceptance trades, and the log has no trigger of it.
inline Mutants hides_the_trigger() {
  return rewriting([rested = std::set<OrderId>()](Stored& stored) mutable {
    if (std::holds_alternative<OrderRested>(stored.event)) rested.insert(stored.header.order_id);
    if (!std::holds_alternative<OrderTriggered>(stored.event)) return;
    if (rested.insert(stored.header.order_id).second) stored.event = OrderRested{"a mutation"};
  });
}

// The transaction of an exact output may take one unit more than its limit.
inline Mutants takes_more_than_the_most() {
  return rewriting([exact = std::set<OrderId>()](Stored& stored) mutable {
    const auto* order = std::get_if<OrderAccepted>(&stored.event);
    if (order != nullptr && order->exact_out) exact.insert(stored.header.order_id);
    auto* built = std::get_if<TransactionBuilt>(&stored.event);
    if (built != nullptr && exact.contains(stored.header.order_id)) ++built->amount_in.units;
  });
}

// A start reads the open orders through `Edit`, a function of an order and one of its events.
template <void (*edit)(const OrderAccepted&, Event&)>
class RecoversOthers final : public PassingLog {
 public:
  using PassingLog::PassingLog;
  Result<std::vector<Record>> read_order(const OrderId& id) override {
    auto records = PassingLog::read_order(id);
    recovering_ &= id != engine_stream;  // which a start reads after the open orders
    if (!recovering_ || !records.ok()) return records;
    const auto order = std::get<OrderAccepted>(records->front().event);
    for (Record& record : *records) edit(order, record.event);
    return records;
  }

 private:
  bool recovering_ = true;
};

// The trigger of the recovered order is a price that never comes.
inline void forget_trigger(const OrderAccepted& order, Event& event) {
  if (!order.type_terms.trigger) return;
  const bool above = order.type_terms.trigger->when == TriggerWhen::at_or_above;
  const Decimal never = above ? Decimal{1'000'000'000'000, 0} : Decimal{1, 18};
  if (auto* accepted = std::get_if<OrderAccepted>(&event))
    accepted->type_terms.trigger->price = never;
  if (auto* amended = std::get_if<OrderAmended>(&event); amended && amended->terms.trigger_price)
    amended->terms.trigger_price = never;
}
inline void forget_slice(const OrderAccepted& order, Event& event) {
  if (!order.type_terms.slices) return;
  const auto forget = [](auto* fill) {
    if (fill != nullptr) fill->amount_in.units = fill->amount_out.units = 0;
  };
  forget(std::get_if<OrderPartiallyFilled>(&event));
  forget(std::get_if<LegFilled>(&event));
}

}  // namespace oee::sim
