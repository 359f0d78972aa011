// Routes in random markets, against exhaustive search where that is possible.
#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "tests/core/venue/routes/sample_graphs.h"

namespace oee {
namespace {

Units net(const TradeRoute& route) {
  return route.amount_out > route.cost ? route.amount_out - route.cost : 0;
}

// The output that a unit of input in each leg is worth, and a unit of output in each hop.
Units rounding(const TradeRoute& route) {
  return legs_max * (route.amount_out / route.amount_in + 1) + hops_max;
}

// Holds for every route: legs add up, share no pool, and yield what the pools' swaps yield.
void expect_sound(const SampleMarket& market, const TradeRoute& route) {
  std::set<PoolGraph::Index> pools;
  Units in = 0;
  Units out = 0;
  Units cost = 0;
  ASSERT_FALSE(route.legs.empty());
  ASSERT_LE(route.legs.size(), legs_max);
  for (const RouteLeg& leg : route.legs) {
    for (const PoolGraph::Edge& hop : leg.path.hops()) {
      ASSERT_EQ(hop.venue, leg.path.venue());
      ASSERT_TRUE(pools.insert(hop.pool).second) << "two legs trade through one pool";
    }
    ASSERT_EQ(swapped_out(market, leg.path, leg.amount_in), leg.amount_out);
    in += leg.amount_in;
    out += leg.amount_out;
    cost = leg.cost > ~cost ? ~Units{0} : cost + leg.cost;  // the sum stops at 64 bits
  }
  ASSERT_EQ(in, route.amount_in);
  ASSERT_EQ(out, route.amount_out);
  ASSERT_EQ(cost, route.cost);
}

// A few pools, an amount of a few units: every set of legs and every split is tried.
TEST(RouteProperty, SmallAmountsEqualExhaustiveSearch) {
  int split = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SampleMarket market = sample_market(seed, 2 + seed % 3, 3 + seed % 5, 1 + seed % 2,
                                        10 + seed % 60, seed % 4 < 2 ? 1 : 10 + seed);
    market.request.amount = 2 + seed % 15;
    if (seed % 3 == 0) market.request.costs = {{"venue0", 1}, {"venue1", 2}};
    const auto route = best_route(market.graph, market.request);
    if (!route.ok()) continue;
    if (route->candidates.size() > 16) continue;  // more than the choice takes in
    expect_sound(market, *route);
    ASSERT_EQ(route->amount_in, market.request.amount);
    if (HasFatalFailure()) return;
    ASSERT_EQ(net(*route), exhaustive_net(market, *route));
    split += route->legs.size() > 1;
  }
  EXPECT_GT(split, 50);
}

// Amounts of hundreds of units, where the split is found by balancing margins. Rounding makes
// outputs steps, on which a balance may stop a few units early.
TEST(RouteProperty, LargerAmountsComeWithinRoundingOfExhaustiveSearch) {
  int equal = 0;
  int compared = 0;
  Units largest = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SampleMarket market =
        sample_market(seed, 3 + seed % 2, 3 + seed % 4, 1 + seed % 2, 300 + seed * 7);
    market.request.amount = 40 + seed % 260;
    if (seed % 3 == 0) market.request.costs = {{"venue0", seed % 9}, {"venue1", seed % 5}};
    const auto route = best_route(market.graph, market.request);
    if (!route.ok()) continue;
    expect_sound(market, *route);
    if (HasFatalFailure()) return;
    const Units best = exhaustive_net(market, *route);
    ASSERT_LE(net(*route), best);
    largest = std::max(largest, best - net(*route));
    ASSERT_LE(best - net(*route), rounding(*route));
    equal += best == net(*route);
    ++compared;
  }
  std::printf("equal to exhaustive search: %d of %d; largest difference %llu units\n", equal,
              compared, static_cast<unsigned long long>(largest));
  EXPECT_GT(compared, 80);
  EXPECT_GT(equal, compared * 2 / 3);
}

TEST(RouteProperty, NeverWorseThanTheBestSinglePath) {
  int split = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Units size = Units{1'000} << seed % 40;
    SampleMarket market = sample_market(seed, 4 + seed % 4, 8 + seed % 20, 2, size);
    market.request.amount = 1 + size / (1 + seed % 20);
    if (seed % 2 == 0) market.request.costs = {{"venue0", size / 5'000}, {"venue1", size / 9'000}};
    const auto route = best_route(market.graph, market.request);
    if (!route.ok()) continue;
    expect_sound(market, *route);
    if (HasFatalFailure()) return;
    ASSERT_EQ(route->amount_in, market.request.amount);
    for (const RouteCandidate& candidate : route->candidates) {
      const auto alone = swapped_out(market, candidate.path, market.request.amount);
      ASSERT_EQ(alone.has_value() && *alone > 0, candidate.trades_all && candidate.alone > 0);
      if (!alone) continue;
      ASSERT_EQ(*alone, candidate.alone);
      const bool first = market.graph.venue(candidate.path.venue()) == "venue0";
      const Units cost =
          market.request.costs.empty() ? 0 : market.request.costs[first ? 0 : 1].cost;
      ASSERT_GE(net(*route) + cost, *alone);
      ASSERT_EQ(lost_because(market.graph, *route, candidate).empty(), candidate.chosen);
    }
    split += route->legs.size() > 1;
  }
  EXPECT_GT(split, 60);
}

// At the size of real trades, where exhaustive search is impossible: neither a further leg that
// takes a part of another, nor another path in the place of a leg, gains more than a part in
// 10,000.
TEST(RouteProperty, NoSingleChangeOfLegsGainsMuch) {
  Units most_per_million = 0;
  int changes = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SampleMarket market = sample_market(seed, 4 + seed % 6, 20 + seed % 31, 2, 1'000'000'000'000);
    market.request.amount = 100'000'000'000 * (1 + seed % 10);
    const auto route = best_route(market.graph, market.request);
    if (!route.ok()) continue;
    const auto gains = [&](Units before, Units after) {
      const Units gain = after > before ? (after - before) / (route->amount_out / 1'000'000) : 0;
      most_per_million = std::max(most_per_million, gain);
      ++changes;
      ASSERT_LE(gain, 100u);
    };
    for (const RouteCandidate& candidate : route->candidates) {
      if (candidate.chosen) continue;
      const PathCurve other(market.graph, candidate.path);
      const RouteLeg* sharing = nullptr;
      std::size_t shared = 0;
      for (const RouteLeg& leg : route->legs) {
        if (!candidate.path.shared_pool(leg.path)) continue;
        ++shared;
        sharing = &leg;
      }
      if (shared == 1) gains(sharing->amount_out, other.out(sharing->amount_in));
      if (shared > 0 || route->legs.size() == legs_max) continue;
      for (const RouteLeg& leg : route->legs) {
        const PathCurve own(market.graph, leg.path);
        for (const Units part : {leg.amount_in / 64, leg.amount_in / 8, leg.amount_in / 2}) {
          gains(leg.amount_out, own.out(leg.amount_in - part) + other.out(part));
        }
      }
      if (HasFatalFailure()) return;
    }
  }
  std::printf("the best of %d single changes gains %llu millionths of the output\n", changes,
              static_cast<unsigned long long>(most_per_million));
  EXPECT_GT(changes, 5'000);
}

TEST(RouteProperty, TheLeastInputYieldsTheOutputAndIsNoMoreThanASinglePathNeeds) {
  int split = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Units size = Units{2'000} << seed % 36;
    SampleMarket market = sample_market(seed, 4 + seed % 3, 8 + seed % 20, 2, size);
    market.request.amount = 1 + size / (2 + seed % 100);
    const auto route = least_route(market.graph, market.request);
    if (!route.ok()) {
      ASSERT_NE(route.error().code, Errc::invalid) << route.error().detail;
      continue;
    }
    expect_sound(market, *route);
    if (HasFatalFailure()) return;
    ASSERT_GE(route->amount_out, market.request.amount);
    for (const RouteCandidate& candidate : route->candidates) {
      if (candidate.trades_all) {
        ASSERT_LE(route->amount_in, candidate.alone);
      }
    }
    // No leg can give up a unit of input without losing output.
    for (const RouteLeg& leg : route->legs) {
      ASSERT_LT(swapped_out(market, leg.path, leg.amount_in - 1).value_or(0), leg.amount_out);
    }
    // The same input, traded for as much as possible, yields the output.
    RouteRequest forward = market.request;
    forward.amount = route->amount_in;
    const auto back = best_route(market.graph, forward);
    ASSERT_TRUE(back.ok());
    ASSERT_GE(back->amount_out + rounding(*back), market.request.amount);
    split += route->legs.size() > 1;
  }
  EXPECT_GT(split, 60);
}

// Reserves and amounts of all magnitudes up to 2^64 - 1: a route is sound, or refused with a
// reason.
TEST(RouteProperty, AllMagnitudesAreTradedSoundlyOrRefused) {
  int traded = 0;
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::uint32_t worth = seed % 3 == 0 ? 1'000'000 : 1;
    const int bits = static_cast<int>(4 + seed % (worth > 1 ? 38 : 57));
    SampleMarket market =
        sample_market(seed, 3 + seed % 3, 4 + seed % 8, 2, Units{1} << bits, worth);
    SamplePools sample(seed);
    if (seed % 5 == 0)
      market.request.costs = {{"venue0", ~Units{0}}, {"venue1", sample.amount(~Units{0})}};
    market.request.amount = seed % 7 == 0 ? ~Units{0} - seed : sample.amount(~Units{0});
    for (const auto& route :
         {best_route(market.graph, market.request), least_route(market.graph, market.request)}) {
      if (!route.ok()) {
        ASSERT_FALSE(route.error().detail.empty());
        ++refused;
        continue;
      }
      expect_sound(market, *route);
      if (HasFatalFailure()) return;
      ++traded;
    }
  }
  EXPECT_GT(traded, 300);
  EXPECT_GT(refused, 300);
}

TEST(RouteProperty, APartHoldsTheLimitAndATighterLimitNeverGivesMore) {
  int partly = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Units size = Units{2'000} << seed % 30;
    SampleMarket market = sample_market(seed, 4, 10, 2, size);
    market.request.amount = size;
    Units before = ~Units{0};
    for (std::uint64_t percent = 50; percent <= 120; percent += 10) {
      const PriceLimit limit{percent, 100};
      const auto route = best_route_within(market.graph, market.request, limit);
      const Units in = route.ok() ? route->amount_in : 0;
      ASSERT_LE(in, before);
      before = in;
      if (!route.ok()) continue;
      expect_sound(market, *route);
      if (HasFatalFailure()) return;
      ASSERT_TRUE(limit.holds(route->amount_in, route->amount_out));
      partly += in < market.request.amount;
    }
  }
  EXPECT_GT(partly, 40);
}

}  // namespace
}  // namespace oee
