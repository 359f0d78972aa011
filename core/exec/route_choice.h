// RouteChoice: the quote at which an order is to trade. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/order/order.h"

namespace oee {

struct RouteChoice {
  std::optional<std::uint32_t> chosen;  // position of the best quote; of a split that of its leg 0
  std::string beyond_limit;  // the reason why the order may not trade at it; empty: it may
};

// The amount of a quote of the order.
inline Units amount_of(const Order& order, const VenueQuote& quote) {
  return quote.amount_in ? quote.amount_in->units : order.remaining();
}

}  // namespace oee
