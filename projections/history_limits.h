// The range of the log that one call of OrderHistory::events() over all orders scans: the same on
// every implementation, so that an engine and a gateway return the same pages. Pure.
#pragma once

#include <limits>

#include "core/order/ids.h"

namespace oee {

// The most records that one call scans when a type filter matches little: folding or reading 20,000
// records takes about 10 ms.
inline constexpr Seq events_scan_max = 20'000;

// The end (half-open) of the range that a call with `after` scans.
constexpr Seq events_scan_end(Seq after) {
  const Seq room = std::numeric_limits<std::int64_t>::max() - events_scan_max - 1;
  return (after < room ? after : room) + events_scan_max + 1;
}

}  // namespace oee
