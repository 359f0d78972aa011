// The order that a subscription is about, looked up where the stream may know more than the read
// model does. Loop's thread.
#pragma once

#include <functional>
#include <optional>

#include "api/orders/order_service.h"
#include "api/stream/hub.h"
#include "core/seams/clock.h"

namespace oee {

// The order as it is now; empty: there is none. A gateway's read model may be behind the stream: an
// order that it does not know is looked for again while the stream knows it, for at most
// gap_wait_max or until `over` says that nobody waits. On the engine there is nothing to wait for.
// unavailable: it cannot be read now. REQUIRES: the hub has started.
Task<Result<std::optional<Order>>> find_streamed_order(OrderId id, OrderService& orders,
                                                       StreamHub& hub, Clock& clock,
                                                       std::function<bool()> over);

}  // namespace oee
