// Routes: the legs that yield the most for an amount, or an amount for the least input. A leg is
// one transaction at one venue through a path of up to hops_max pools; a route has up to legs_max
// legs, of any venues, that share no pool. All amounts are exact. Pure; the thread of the graph.
#pragma once

#include <string>
#include <vector>

#include "core/venue/pools/price_limit.h"
#include "core/venue/routes/path.h"
#include "core/venue/routes/route_request.h"

namespace oee {

struct RouteLeg {
  Path path;
  Units amount_in = 0;
  Units amount_out = 0;
  Units cost = 0;
};

// A path that was compared. The reasons of lost_because() follow from it.
struct RouteCandidate {
  Path path;
  Units alone = 0;          // its output for the whole amount, or its input for the whole output
  bool trades_all = false;  // its pools can trade the whole amount
  bool chosen = false;      // it is a leg
};

struct TradeRoute {
  std::vector<RouteLeg> legs;  // not empty; the largest input first
  Units amount_in = 0;         // the sum of the legs' inputs
  Units amount_out = 0;        // and of their outputs, before costs
  Units cost = 0;
  std::vector<RouteCandidate> candidates;  // shorter paths first
  std::size_t paths_left_out = 0;          // beyond paths_max
  bool exact_output = false;               // least_route()'s
};

// The route with the largest output less costs for the whole amount: never less than the best
// single path yields, and each further leg yields more than it costs. The sum of the legs' inputs
// is the amount.
//   invalid    the amount is zero, both tokens are the same, or every output rounds to zero
//   not_found  no path connects the tokens
//   full       too little liquidity: the detail names how much can be traded; or the output exceeds
//              64 bits
Result<TradeRoute> best_route(const PoolGraph& graph, const RouteRequest& request);

// The single path of at least `hops_min` pools that yields the most, less its cost, for the whole
// amount, as a route of one leg. The candidates are the paths of so many pools. Some microseconds.
//   invalid    as best_route()
//   not_found  no such path connects the tokens
//   full       none can trade the whole amount
Result<TradeRoute> best_path(const PoolGraph& graph, const RouteRequest& request,
                             std::size_t hops_min);

// As best_path(), for the largest part of the amount, at least `part_min`, whose average price
// before costs holds the limit: found by bisection over the whole, so that a part beyond a worse
// one may be missed where the best path changes. Up to 64 times the time.
//   not_found  also when no such part holds the limit
Result<TradeRoute> best_path_within(const PoolGraph& graph, const RouteRequest& request,
                                    std::size_t hops_min, const PriceLimit& limit, Units part_min);

// As best_route(), for the largest part of the amount (found by bisection, to the unit) whose
// route's average price, before costs, holds the limit. A tighter limit never gives a larger part.
// Costs up to 64 routes.
//   not_found  also when no part holds the limit
Result<TradeRoute> best_route_within(const PoolGraph& graph, const RouteRequest& request,
                                     const PriceLimit& limit);

// The route that yields at least request.amount for the least input: the legs are those of
// best_route() for the input that the best single path needs; the route never needs more than that
// path. No leg can give up a unit of input. Errors: as best_route().
Result<TradeRoute> least_route(const PoolGraph& graph, const RouteRequest& request);

// "raydium: SOL > USDT by POOL > USDC by POOL"
std::string to_text(const PoolGraph& graph, const RouteRequest& request, const Path& path);

// Why the candidate is no leg of the route; empty when it is one. For example:
//   "alone it yields 1492, 33 bps less than the route's 1497"
//   "alone it yields 1492, 33 bps less than the route's 1497; it shares the pool P1 with leg 2"
//   "alone it needs 1010, 100 bps more than the route's 1000"
std::string lost_because(const PoolGraph& graph, const TradeRoute& route,
                         const RouteCandidate& candidate);

}  // namespace oee
