// MarketControl: simulated venues as tests control them. One instance per shard loop, used on that
// loop's thread. It outlives every call.
#pragma once

#include <optional>
#include <vector>

#include "core/base/task.h"
#include "core/order/event.h"

namespace oee {

struct MarketMove {
  Token input;
  Token output;
  Decimal price;                   // output per input
  std::optional<VenueName> venue;  // empty: every venue
};

struct VenuePrice {
  VenueName venue;
  Decimal price;
};

class MarketControl {
 public:
  virtual ~MarketControl() = default;
  // Moves the pools of a pair to a spot price, by trades that the venues record durably before the
  // answer; all pools or none. A price that wanders by itself goes on from there. Returns the
  // prices reached, in the venues' order.
  // invalid: no such venue or pair; full: a pool's reserves do not reach the price; unavailable.
  virtual Task<Result<std::vector<VenuePrice>>> move_market(MarketMove move) = 0;
  // A silent venue answers no call and reports nothing, on every loop, until it is no longer
  // silent: then the calls that wait are answered. Orders that have reached it settle meanwhile. A
  // restart ends the silence. REQUIRES: a venue of the registry.
  virtual void silence(VenueName venue, bool silent) = 0;
};

}  // namespace oee
