// Update: one message of the live stream, its JSON and the fields that subscriptions filter by.
// Values; any thread.
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
  // The order's tokens and account. Only an OrderAccepted contains them; the maker of an update of
  // another event looks them up. Empty: not known, and no filter by token or account matches.
  Symbol input;
  Symbol output;
  std::string account;
  std::string json;  // the text of write_update() for the record

  OrderStatus status() const { return status_after(type); }
};

// The venue that the event's update shows as "dex"; empty: none.
VenueName venue_named_by(const Event& event);

// The update of a record, from the record alone.
Update update_of(const Record& record);

// Updates with contiguous, rising seqs. Encoded once and shared by every subscriber of a process.
using UpdateBatch = std::shared_ptr<const std::vector<Update>>;

}  // namespace oee
