#include "core/risk/control.h"

#include <algorithm>

namespace oee {

namespace {

// The check of a limit price; nullopt: there is none.
std::optional<PriceCheck> check_of(const std::optional<Decimal>& price,
                                   const std::optional<Decimal>& reference) {
  if (!price || !reference) return std::nullopt;
  return PriceCheck{*price, *reference};
}

}  // namespace

void RiskControl::restore(RiskLimits limits, RiskUse use) {
  const std::lock_guard lock(mutex_);
  limits_ = std::move(limits);
  limits_hash_ = hash_of(limits_);
  use_ = std::move(use);
}

void RiskControl::begin_batch(Seq head, WallTime time) {
  const std::lock_guard lock(mutex_);
  check(use_.head() == head, "RiskControl: the use is not that of the log's head");
  batch_time_ = time;
}

std::optional<LimitBreach> RiskControl::breach(const OrderId& id, const Event& event,
                                               const Order* requeued,
                                               const std::optional<Decimal>& reference) const {
  const std::lock_guard lock(mutex_);
  if (const auto* accepted = std::get_if<OrderAccepted>(&event))
    return evaluate(*accepted, limits_, use_, batch_time_,
                    check_of(accepted->limit_price, reference));
  if (const auto* amended = std::get_if<OrderAmended>(&event))
    return evaluate_amendment(id, amended->terms, limits_, use_, batch_time_,
                              check_of(amended->terms.limit_price, reference));
  if (requeued != nullptr && std::holds_alternative<DeadLetterRequeued>(event))
    return evaluate_requeue(*requeued, limits_, use_, batch_time_);
  return std::nullopt;
}

void RiskControl::fold(const Record& record, const Order* requeued) {
  const std::lock_guard lock(mutex_);
  use_.fold(record, requeued);
  const auto* changed = std::get_if<RiskLimitsChanged>(&record.event);
  if (changed == nullptr) return;
  auto limits = parse_canonical_limits(changed->limits);
  check(limits.ok(), "RiskControl::fold: the limits are not canonical");
  limits_ = *std::move(limits);
  limits_hash_ = hash_of(limits_);
}

RiskControl::View RiskControl::view(std::string_view account, WallTime now) const {
  const std::lock_guard lock(mutex_);
  return View{limits_hash_, risk_rows(limits_, use_, account, std::max(now, use_.time()))};
}

}  // namespace oee
