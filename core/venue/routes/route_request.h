// The request of a route. Values.
#pragma once

#include <vector>

#include "core/order/event.h"

namespace oee {

// Paths that are compared, shorter ones first.
inline constexpr std::size_t paths_max = 1'024;

struct LegCost {
  VenueName venue;
  Units cost = 0;  // of one transaction at the venue, in units of output
};

struct RouteRequest {
  Symbol input;
  Symbol output;
  Units amount = 0;                      // units of input; of output for least_route()
  std::vector<LegCost> costs;            // venues that are not named cost other_cost
  std::vector<VenueName> without{};      // venues that are left out
  std::vector<Symbol> without_tokens{};  // tokens that no path passes
  Units other_cost = 0;                  // as LegCost::cost
};

}  // namespace oee
