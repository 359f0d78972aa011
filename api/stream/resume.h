// Checks the position from which a subscription resumes: a client may know positions of the log as
// it was before a restore. Loop's thread.
#pragma once

#include <functional>
#include <optional>

#include "api/orders/order_service.h"
#include "api/stream/hub.h"
#include "core/seams/clock.h"

namespace oee {

// The position that a client resumes from.
struct ResumePosition {
  std::optional<Seq> after;       // the last seq that the client has
  std::optional<LogEpoch> epoch;  // of the log that the seq is of, when the client knows it
};

// The log has no such position: the client has updates of other records.
struct PositionUnknown {
  Seq head = 0;
  std::optional<LogEpoch> epoch;  // no value: not known yet
};

// No value: the log has the position. An engine answers at once. A gateway learns the head from the
// bus: for a seq beyond the last head it waits, for 2 s at most or until `over` returns true (the
// caller no longer waits). unavailable: meanwhile no head came. REQUIRES: the hub has started.
Task<Result<std::optional<PositionUnknown>>> find_unknown_position(ResumePosition position,
                                                                   OrderService& orders,
                                                                   StreamHub& hub, Clock& clock,
                                                                   std::function<bool()> over);

}  // namespace oee
