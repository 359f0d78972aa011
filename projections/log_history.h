// LogHistory: the OrderHistory of an engine. It folds the log on every call, so it is never stale.
// It stores nothing. Blocking; any thread.
#pragma once

#include "core/seams/event_log.h"
#include "core/seams/read_model.h"
#include "projections/order_tokens.h"

namespace oee {

class LogHistory final : public OrderHistory {
 public:
  explicit LogHistory(EventLog& log) : log_(log), tokens_(log) {}
  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override;
  Result<Events> events(const EventFilter& filter) override;
  Result<std::vector<Record>> records(const OrderId& id, std::optional<Seq> at) override;

 private:
  // Adds the record to the page when the filter matches it. False once the page is full.
  Result<bool> scan(const Record& record, const EventFilter& filter, Events& events);
  EventLog& log_;
  OrderTokens tokens_;
};

}  // namespace oee
