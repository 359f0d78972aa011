// Slices: how much of an order may be sold at a time. All of an order without slices may be sold
// at once. The slices of a twap order are a function of time and of the order's terms, so that no
// event records them and a restart changes nothing. Pure; any thread.
//
// Slice k, from 0, is due at accepted_at + k * interval + delay(k). With n slices due,
// floor(amount * n / count) of the present amount is due; the last slice has the remainder. Amounts
// of fewer units than slices have empty slices. delay(k) is at most randomize_percent of the
// interval, so that no slice is due before an earlier one: the first 8 bytes of
// SHA-256("oee/twap-slice/1" || order id || k as big-endian u32), as a big-endian integer, modulo
// the greatest delay in microseconds plus one.
#pragma once

#include <optional>

#include "core/order/order.h"

namespace oee {

inline constexpr std::uint32_t slices_min = 2;
inline constexpr std::uint32_t slices_max = 1'000;
inline constexpr Micros slice_interval_min{1'000'000};
inline constexpr Micros slice_interval_max{7 * 86'400'000'000};

// How many of its slices are due. REQUIRES: the order has slices.
std::uint32_t slices_due(const Order& order, WallTime now);
// The amount that may be sold now, at most remaining(): what is due less what is filled.
Units amount_due(const Order& order, WallTime now);
// The time from which `amount` may be sold. REQUIRES: 0 < amount <= order.remaining().
WallTime due_at(const Order& order, Units amount);
// The next time at which more may be sold. Empty: all that remains may be sold.
std::optional<WallTime> more_due_at(const Order& order, WallTime now);

}  // namespace oee
