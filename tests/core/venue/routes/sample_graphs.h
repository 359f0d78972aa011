// Random markets for property tests of routes, the same for the same seed; and the exhaustive
// search that routes are compared with.
#pragma once

#include "core/venue/routes/route.h"
#include "tests/core/venue/pools/sample_pools.h"

namespace oee {

struct SampleMarket {
  PoolGraph graph;
  std::vector<OpenPool> pools;  // as in the graph
  RouteRequest request;         // from T0 to T1
};

// `pools` pools of about `size` units between `tokens` tokens at `venues` venues. A unit of T0 is
// worth about `worth` units of T1, and the root of that many units of the others; beside 1 the
// pools are of constant product without a fee, since a fee takes at least a whole unit.
SampleMarket sample_market(std::uint64_t seed, std::size_t tokens, std::size_t pools,
                           std::size_t venues, Units size, std::uint32_t worth = 1);

// The largest sum of outputs less costs over all sets of up to legs_max paths without a common pool
// and all splits into whole units. REQUIRES: a small amount.
Units exhaustive_net(const SampleMarket& market, const TradeRoute& route);

// The output of the path by the swaps of its pools, without curves. Empty: a pool refuses.
std::optional<Units> swapped_out(const SampleMarket& market, const Path& path, Units amount_in);

}  // namespace oee
