// Looks up the order that a subscription names. The stream may be ahead of the read model. Loop's
// thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/orders/order_service.h"
#include "api/stream/hub.h"
#include "core/seams/clock.h"

namespace oee {

// The order as it is now; no value: there is no such order. A gateway's read model may be behind
// the stream. While the stream's history contains the order and the read model does not, the read
// model is read again, for at most gap_wait_max or until `over` returns true (the caller no longer
// waits). On the engine this never waits. unavailable: the read model or the history cannot be read
// now. `client`: see HistoryUse. `only_account`: orders of other accounts do not exist; empty: all
// do. REQUIRES: the hub has started.
Task<Result<std::optional<Order>>> find_streamed_order(OrderId id, OrderService& orders,
                                                       StreamHub& hub, Clock& clock,
                                                       std::uint64_t client,
                                                       std::string only_account,
                                                       std::function<bool()> over);

}  // namespace oee
