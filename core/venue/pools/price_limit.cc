#include "core/venue/pools/price_limit.h"

#include <limits>

#include "core/base/check.h"
#include "core/venue/pools/wide.h"

namespace oee {

PriceLimit PriceLimit::of(Decimal price, std::uint8_t input_decimals,
                          std::uint8_t output_decimals) {
  check(price.scale <= decimal_scale_max && input_decimals <= decimal_scale_max &&
            output_decimals <= decimal_scale_max,
        "PriceLimit: too many decimals");
  // out / 10^output_decimals >= in / 10^input_decimals * units / 10^scale
  PriceLimit limit{price.units, 1};
  int ten_powers = output_decimals - input_decimals - price.scale;  // below 2^64 * 10^18 < 2^124
  for (; ten_powers > 0; --ten_powers) limit.least_out *= 10;
  for (; ten_powers < 0; ++ten_powers) limit.per_in *= 10;  // at most 10^36 < 2^120
  return limit;
}

bool PriceLimit::holds(Units amount_in, Units amount_out) const {
  return !(Wide(amount_out) * Wide(per_in) < Wide(amount_in) * Wide(least_out));
}

Units PriceLimit::most_in(Units amount_out) const {
  constexpr Units units_max = std::numeric_limits<Units>::max();
  if (least_out == 0) return units_max;
  const auto most = mul_div(amount_out, per_in, least_out, Rounding::down);
  return most && *most <= units_max ? static_cast<Units>(*most) : units_max;
}

}  // namespace oee
