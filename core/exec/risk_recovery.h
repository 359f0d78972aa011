// For the start, when there are risk limits: the use of the limits at the log's head.
#pragma once

#include <span>

#include "core/risk/use.h"
#include "core/seams/event_log.h"

namespace oee {

// `open`: the orders that are open at `head`, the log's durable head (recover_open_orders()). Of
// the log it reads the records of the day of record `head`, about 4,096 at a time, and all records
// of the orders whose amount was amended on that day. It finds the first record of the day in
// log2(head) reads: times never decrease along the log. So the time that it takes grows with the
// records of that day, not with the log. Blocking.
// Errors: those of the log; corrupt: a record cannot be read.
Result<RiskUse> recover_risk_use(EventLog& log, std::span<const Order> open, Seq head);

}  // namespace oee
