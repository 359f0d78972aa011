// LogHead: the last durable record of a log. /health reports it, and two copies of a log are
// compared by it. A value.
#pragma once

#include "core/base/sha256.h"
#include "core/order/ids.h"

namespace oee {

// All zeros when the log is empty.
struct LogHead {
  Seq seq = 0;
  Hash256 hash{};  // the chain hash of record `seq`; it depends on every record up to `seq`
};

}  // namespace oee
