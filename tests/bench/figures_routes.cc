// Figure 19: routes over the pools of the paper exchange's four kinds. In this process, no engine.
#include <time.h>

#include <algorithm>
#include <limits>

#include "tests/bench/figures.h"
#include "tests/core/venue/routes/sample_graphs.h"

namespace oee::bench {
namespace {

constexpr std::size_t pools = 50;
constexpr std::size_t tokens = 10;
constexpr std::size_t venues = 2;
constexpr Units pool_size = 1'000'000'000'000;  // about, of either token
constexpr int amounts = 50;                     // of each market, from 0.1 % to 34 % of a pool

// The processor's time of this thread: other programs on the machine do not count.
double thread_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// The fastest of three: a run that the machine interrupts does not count.
Result<TradeRoute> timed_route(const SampleMarket& market, double& least_us) {
  least_us = std::numeric_limits<double>::max();
  for (int i = 0;; ++i) {
    const double begin = thread_us();
    auto route = best_route(market.graph, market.request);
    least_us = std::min(least_us, thread_us() - begin);
    if (i == 2) return route;
  }
}

// The output of the best path of one pool. 0: no pool trades the pair, or none the whole amount.
Units best_single_pool(const TradeRoute& route) {
  Units best = 0;
  for (const RouteCandidate& each : route.candidates)
    if (each.path.size() == 1 && each.trades_all) best = std::max(best, each.alone);
  return best;
}

// The sum of the legs' outputs, by the swaps that the exchange computes.
Units swapped(const SampleMarket& market, const TradeRoute& route) {
  Units out = 0;
  for (const RouteLeg& leg : route.legs)
    out += swapped_out(market, leg.path, leg.amount_in).value_or(0);
  return out;
}

}  // namespace

void measure_routes(Bench& bench) {
  std::vector<double> times, gains_bps;
  std::size_t hops = 0, legs = 0;
  for (std::uint64_t seed = 1; seed <= bench.sizes.route_markets; ++seed) {
    SampleMarket market = sample_market(2 * seed + 1, tokens, pools, venues, pool_size);
    for (int i = 0; i < amounts; ++i) {
      market.request.amount = 1'000'000'000 + static_cast<Units>(i) * 7'000'000'001;
      double us = 0;
      const auto route = timed_route(market, us);
      if (!route.ok()) throw std::runtime_error("no route: " + route.error().detail);
      times.push_back(us);
      legs = std::max(legs, route->legs.size());
      for (const RouteLeg& leg : route->legs) hops = std::max(hops, leg.path.size());
      if (swapped(market, *route) != route->amount_out)
        throw std::runtime_error("the pools yield another amount than the route states");
      if (const Units single = best_single_pool(*route))
        gains_bps.push_back(
            10'000 * (static_cast<double>(route->amount_out) / static_cast<double>(single) - 1));
    }
  }
  std::sort(times.begin(), times.end());
  Row time{19,
           "route over 50 pools, p99",
           "us",
           times[times.size() * 99 / 100],
           {},
           {Target::Kind::value_max, 200},
           "up to " + std::to_string(hops) + " hops and " + std::to_string(legs) + " legs; p50 " +
               std::to_string(static_cast<int>(median(times))) + " us"};
  time.raw = {{"routes", times.size()}, {"p50", median(times)}};
  bench.add(std::move(time));
  const std::size_t compared = gains_bps.size();
  Row gain{19,
           "output against the best single pool, median",
           "bps more",
           median(std::move(gains_bps)),
           {},
           {},
           std::to_string(compared) + " amounts, each route traded to the unit in its pools"};
  bench.add(std::move(gain));
}

}  // namespace oee::bench
