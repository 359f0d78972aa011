// Where a log ends: what /health states, and what two copies of a log are compared by. A value.
#pragma once

#include "core/base/sha256.h"
#include "core/order/ids.h"

namespace oee {

// The last durable record; zeros of an empty log.
struct LogHead {
  Seq seq = 0;
  Hash256 hash{};  // the chain's: it stands for every record up to here
};

}  // namespace oee
