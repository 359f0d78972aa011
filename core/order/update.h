// One message of the live stream: the update's JSON with the few fields that routing it needs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/order/event.h"
#include "core/order/lifecycle.h"

namespace oee {

struct Update {
  Seq seq = 0;
  OrderId order_id;
  Version version = 0;
  EventType type = EventType::order_accepted;
  WallTime time{};
  CorrelationId correlation;
  std::string json;  // exactly what write_update() wrote for the record

  OrderStatus status() const { return status_after(type); }
};

Update update_of(const Record& record);

// Shared by every subscriber of a process: encoded once. Contiguous, rising seqs.
using UpdateBatch = std::shared_ptr<const std::vector<Update>>;

}  // namespace oee
