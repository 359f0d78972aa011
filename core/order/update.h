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
  VenueName venue;  // venue_named_by() the event
  // What the order swaps. A record says it of itself only when it is an OrderAccepted; whoever
  // makes updates of others looks it up. Empty: not known, so that no filter by token lets it
  // through.
  Symbol input;
  Symbol output;
  std::string json;  // exactly what write_update() wrote for the record

  OrderStatus status() const { return status_after(type); }
};

// The venue that the event's update shows as "dex"; empty: none.
VenueName venue_named_by(const Event& event);

// With what the record alone says.
Update update_of(const Record& record);

// Shared by every subscriber of a process: encoded once. Contiguous, rising seqs.
using UpdateBatch = std::shared_ptr<const std::vector<Update>>;

}  // namespace oee
