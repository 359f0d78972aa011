#include "core/risk/control.h"

#include <algorithm>

namespace oee {

void RiskControl::set_limits(RiskLimits limits) {
  const Hash256 hash = hash_of(limits);
  const std::lock_guard lock(mutex_);
  limits_ = std::move(limits);
  limits_hash_ = hash;
}

void RiskControl::set_use(RiskUse use) {
  const std::lock_guard lock(mutex_);
  use_ = std::move(use);
}

void RiskControl::begin_batch(Seq head, WallTime time) {
  const std::lock_guard lock(mutex_);
  check(use_.head() == head, "RiskControl: the use is not that of the log's head");
  batch_time_ = time;
}

std::optional<LimitBreach> RiskControl::breach(const OrderId& id, const Event& event,
                                               const Order* requeued) const {
  const std::lock_guard lock(mutex_);
  if (const auto* accepted = std::get_if<OrderAccepted>(&event))
    return evaluate(*accepted, limits_, use_, batch_time_);
  if (const auto* amended = std::get_if<OrderAmended>(&event))
    return evaluate_amendment(id, amended->terms, limits_, use_, batch_time_);
  if (requeued != nullptr && std::holds_alternative<DeadLetterRequeued>(event))
    return evaluate_requeue(*requeued, limits_, use_, batch_time_);
  return std::nullopt;
}

void RiskControl::fold(const Record& record, const Order* requeued) {
  const std::lock_guard lock(mutex_);
  use_.fold(record, requeued);
}

RiskControl::View RiskControl::view(std::string_view account, WallTime now) const {
  const std::lock_guard lock(mutex_);
  return View{limits_hash_, risk_rows(limits_, use_, account, std::max(now, use_.time()))};
}

}  // namespace oee
