#include "core/venue/pools/tick_math.h"

#include <array>

#include "core/base/check.h"

namespace oee {
namespace {

// 1.0001^(-2^i / 2) as Q0.64, i = 0..18.
constexpr std::array<std::uint64_t, 19> factors = {
    0xfffcb933bd6fb800, 0xfff97272373d4000, 0xfff2e50f5f657000, 0xffe5caca7e10f000,
    0xffcb9843d60f7000, 0xff973b41fa98e800, 0xff2ea16466c9b000, 0xfe5dee046a9a3800,
    0xfcbe86c7900bb000, 0xf987a7253ac65800, 0xf3392b0822bb6000, 0xe7159475a2caf000,
    0xd097f3bdfd2f2000, 0xa9f746462d9f8000, 0x70d869a156f31c00, 0x31be135f97ed3200,
    0x09aa508b5b85a500, 0x005d6af8dedc582c, 0x00002216e584f5fa,
};

}  // namespace

U128 sqrt_price_at(std::int32_t tick) {
  check(tick >= -tick_max && tick <= tick_max, "sqrt_price_at: the tick is out of range");
  const auto distance = static_cast<std::uint32_t>(tick < 0 ? -tick : tick);
  U128 ratio = U128(1) << 64;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    if ((distance >> i & 1) != 0) ratio = ratio * factors[i] >> 64;
  }
  return tick > 0 ? ~U128(0) / ratio : ratio;
}

std::int32_t tick_at(U128 sqrt_price) {
  check(sqrt_price >= sqrt_price_min, "tick_at: the price is out of range");
  std::int32_t low = -tick_max;
  std::int32_t high = tick_max + 1;
  while (high - low > 1) {
    const std::int32_t middle = low + (high - low) / 2;
    (sqrt_price_at(middle) <= sqrt_price ? low : high) = middle;
  }
  return low;
}

}  // namespace oee
