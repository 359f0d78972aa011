// log_order_event(): writes one line to the operator's log for each durable event of an order.
// Info: the routing decision, cancels, expiries and dead-letter commands; warn: failures, unknown
// and resolved outcomes; debug: every other step. Any thread.
#pragma once

#include "core/order/event.h"

namespace oee {

// When the level of the line is off, it costs one check of the level.
void log_order_event(const Record& record);

}  // namespace oee
