// How far one call of OrderHistory::events() over all orders looks, on every implementation alike.
#pragma once

#include <limits>

#include "core/order/ids.h"

namespace oee {

// A type filter that matches little stops here: 20,000 records are some 10 ms of folding or
// reading.
inline constexpr Seq events_scan_max = 20'000;

// The seq after the last one that a call with `after` looks at.
constexpr Seq events_scan_end(Seq after) {
  const Seq room = std::numeric_limits<std::int64_t>::max() - events_scan_max - 1;
  return (after < room ? after : room) + events_scan_max + 1;
}

}  // namespace oee
