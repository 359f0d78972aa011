// What the operator's log says of an order: one line for each event, once it is durable. Info: the
// routing decision and what people did; warn: what went wrong; debug: every other step. Any thread.
#pragma once

#include "core/order/event.h"

namespace oee {

// Costs one look at the level when that is off.
void log_order_event(const Record& record);

}  // namespace oee
