// Square roots of prices at ticks: sqrt(1.0001^tick) as Q64.64.
// Source: raydium-io/raydium-clmm, programs/amm/src/libraries/tick_math.rs. Pure; any thread.
#pragma once

#include <cstdint>

#include "core/base/decimal.h"

namespace oee {

inline constexpr std::int32_t tick_max = 443'636;  // and -tick_max
inline constexpr U128 sqrt_price_min = 4'295'048'016;
inline constexpr U128 sqrt_price_max =  // 79,226,673,521,066,979,257,578,248,091
    U128(4'294'886'577) << 64 | 0x845c1aa94e69579b;

// REQUIRES: -tick_max <= tick <= tick_max.
U128 sqrt_price_at(std::int32_t tick);

// The greatest tick whose sqrt_price_at() is at most `sqrt_price`. REQUIRES: sqrt_price_min <=
// sqrt_price.
std::int32_t tick_at(U128 sqrt_price);

}  // namespace oee
