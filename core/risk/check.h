// evaluate(): whether a new order, a requeue or an amendment keeps the limits, exact at the
// boundary: with a limit of N open orders the N-th order passes and the next one is refused. Pure;
// any thread.
//
// The limits of the order itself (largest order, tokens, pairs, slippage) are compared with its
// terms as they would be. The limits of sums and counts refuse only a request that adds to them:
//   a new order    everything
//   a requeue      one open order and its remaining amount: its amount counted for the day and the
//                  second of its acceptance
//   an amendment   the raise of its amount, to the open orders and to the day; else nothing
#pragma once

#include <optional>

#include "core/base/limit_breach.h"
#include "core/risk/limits.h"
#include "core/risk/use.h"

namespace oee {

// The price of an order or of its quote, and the market's; output per input.
struct PriceCheck {
  Decimal price;
  Decimal reference;  // units > 0
};

// The first limit that the request would break at `time`; nullopt: none. The limits of the order's
// account come before those of all, and the limits of the order itself before those of its account.
// `value` in the breach is that with the request. The price collar is evaluated only with `price`.
// REQUIRES: use.time() <= time.
std::optional<LimitBreach> evaluate(const OrderAccepted& order, const RiskLimits& limits,
                                    const RiskUse& use, WallTime time,
                                    const std::optional<PriceCheck>& price = std::nullopt);
// `order`: the dead letter before its requeue.
std::optional<LimitBreach> evaluate_requeue(const Order& order, const RiskLimits& limits,
                                            const RiskUse& use, WallTime time);
// nullopt also when the order is not open.
std::optional<LimitBreach> evaluate_amendment(
    const OrderId& order, const Amendment& terms, const RiskLimits& limits, const RiskUse& use,
    WallTime time, const std::optional<PriceCheck>& price = std::nullopt);

// A sum of base units as a decimal: "1.5".
std::string amount_text(U128 units, std::uint8_t decimals);

}  // namespace oee
