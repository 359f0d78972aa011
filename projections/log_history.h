// OrderHistory by folding the log: never stale. Blocking; any thread.
#pragma once

#include "core/seams/event_log.h"
#include "core/seams/read_model.h"

namespace oee {

class LogHistory final : public OrderHistory {
 public:
  explicit LogHistory(EventLog& log) : log_(log) {}
  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override;
  Result<Events> events(const EventFilter& filter) override;

 private:
  EventLog& log_;
};

}  // namespace oee
