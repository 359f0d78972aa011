// A limit on the average price of a trade, as a fraction of base units, and the largest amount that
// holds it. Pure; any thread.
#pragma once

#include <algorithm>

#include "core/base/decimal.h"
#include "core/venue/pools/search.h"

namespace oee {

// A trade holds the limit when out * per_in >= in * least_out.
struct PriceLimit {
  U128 least_out = 0;  // 0: every trade holds it
  U128 per_in = 1;

  // `price` is in tokens, output per input. REQUIRES: price.scale and both decimals <= 18.
  static PriceLimit of(Decimal price, std::uint8_t input_decimals, std::uint8_t output_decimals);

  bool holds(Units amount_in, Units amount_out) const;
  // The largest input for which `amount_out` holds the limit; 2^64 - 1 when it is larger.
  Units most_in(Units amount_out) const;
};

// The outputs above a bisected border that largest_in() examines one by one.
inline constexpr Units limit_search_outputs = 1'024;

// The largest amount in [0, most] whose output holds the limit; 0: none does. `out` must not fall
// with its argument. A tighter limit never gives a larger amount.
//
// The average price falls with the amount, but rounding to units makes it waver near the limit. The
// largest output `o` that holds is the greatest fixed point of o -> out(most_in(o)), which repeated
// application reaches from above, exactly. Bisection brings the start close: the result is exact
// when the wavering spans at most limit_search_outputs units of output, and holds the limit in any
// case.
template <class Out>
Units largest_in(const Out& out, const PriceLimit& limit, Units most) {
  const auto input_at = [&](Units output) { return std::min(most, limit.most_in(output)); };
  const auto fails = [&](Units output) { return out(input_at(output)) < output; };
  const Units top = out(most);
  if (top == 0) return 0;
  if (!fails(top)) return input_at(top);
  const Units border = bisect_least(fails, 0, top);
  Units at = top - border > limit_search_outputs ? border + limit_search_outputs : top;
  for (Units reached = out(input_at(at)); reached < at; reached = out(input_at(at))) at = reached;
  return at == 0 ? 0 : input_at(at);
}

}  // namespace oee
