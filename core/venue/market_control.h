// MarketControl: simulated venues as tests control them. One instance per shard loop, used on that
// loop's thread. It outlives every call.
#pragma once

#include <optional>
#include <vector>

#include "core/base/task.h"
#include "core/order/event.h"
#include "core/order/pool_kind.h"

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

// A side of a pool, in base units: fine enough to quote a price, with room to grow within 64 bits.
inline constexpr Units pool_side_min = 1'000'000;
inline constexpr Units pool_side_max = Units{1} << 62;

struct PoolOpening {
  VenueName venue;
  Token input;
  Token output;
  Decimal price;        // output per input
  Units liquidity = 0;  // of the output; the pool gets as much of the input as is worth the same
  PoolKind kind = PoolKind::constant_product;
};

struct OpenedPool {
  std::uint32_t pool = 0;  // its number in the prices seam
  VenueName venue;
  PoolKind kind = PoolKind::constant_product;
  Decimal price;  // the spot price, output per input: near the one that was asked for
};

class MarketControl {
 public:
  virtual ~MarketControl() = default;
  // Moves the pools of a pair to a spot price, by trades that the venues record durably before the
  // answer; all pools or none. A price that wanders by itself goes on from there. Returns the
  // prices reached, in the venues' order.
  // invalid: no such venue or pair; full: a pool does not reach the price; unavailable.
  virtual Task<Result<std::vector<VenuePrice>>> move_market(MarketMove move) = 0;
  // Opens a pool, also where there is one of the pair. It is recorded durably before the answer,
  // and then quoted, traded and published. Its price wanders from there.
  // not_found: no such venue or token; invalid: the price, or the amount of the input that it
  // gives, is out of range for the kind; full: the exchange has opened as many pools as it may;
  // unavailable. REQUIRES: pool_side_min <= liquidity <= pool_side_max, a positive price.
  virtual Task<Result<OpenedPool>> open_pool(PoolOpening opening) = 0;
  // A silent venue answers no call and reports nothing, on every loop, until it is no longer
  // silent: then the calls that wait are answered. Orders that have reached it settle meanwhile. A
  // restart ends the silence. REQUIRES: a venue of the registry.
  virtual void silence(VenueName venue, bool silent) = 0;
};

}  // namespace oee
