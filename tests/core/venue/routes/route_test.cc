#include "core/venue/routes/route.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "tests/core/venue/routes/sample_graphs.h"

namespace oee {
namespace {

OpenPool pool(const char* name, const char* venue, const char* a, const char* b, Units reserve_a,
              Units reserve_b, std::uint32_t fee = 2'500) {
  return {name, venue, a, b, ConstantProductPool{reserve_a, reserve_b, fee}};
}

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
    cost += leg.cost;
  }
  ASSERT_EQ(in, route.amount_in);
  ASSERT_EQ(out, route.amount_out);
  ASSERT_EQ(cost, route.cost);
}

TEST(Route, OnePoolIsOneLeg) {
  PoolGraph graph;
  ASSERT_TRUE(
      graph.put(pool("P1", "raydium", "SOL", "USDC", 50'000'000'000'000, 7'500'000'000'000)).ok());
  const RouteRequest request{"SOL", "USDC", 1'000'000'000, {}};
  const auto route = best_route(graph, request);
  ASSERT_TRUE(route.ok());
  ASSERT_EQ(route->legs.size(), 1u);
  EXPECT_EQ(route->amount_in, 1'000'000'000u);
  EXPECT_EQ(route->amount_out, 149'622'015u);
  EXPECT_EQ(to_text(graph, request, route->legs[0].path), "raydium: SOL > USDC by P1");
  ASSERT_EQ(route->candidates.size(), 1u);
  EXPECT_EQ(lost_because(graph, *route, route->candidates[0]), "");
}

TEST(Route, EqualPoolsShareTheAmountEqually) {
  PoolGraph graph;
  for (const char* name : {"P1", "P2", "P3", "P4", "P5"}) {
    ASSERT_TRUE(graph.put(pool(name, "raydium", "SOL", "USDC", 1'000'000'000, 1'000'000'000)).ok());
  }
  const auto route = best_route(graph, {"SOL", "USDC", 400'000'000, {}});
  ASSERT_TRUE(route.ok());
  ASSERT_EQ(route->legs.size(), legs_max);
  for (const RouteLeg& leg : route->legs) {
    EXPECT_NEAR(static_cast<double>(leg.amount_in), 100'000'000.0,
                40.0);  // one unit of output's worth
  }
}

TEST(Route, ASplitMustGainMoreThanItCosts) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put(pool("P1", "raydium", "SOL", "USDC", 1'000'000, 1'000'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("P2", "meteora", "SOL", "USDC", 1'000'000, 1'000'000, 0)).ok());
  // Alone 90,909; in two halves 2 * 47,619 = 95,238: the split gains 4,329.
  RouteRequest request{"SOL", "USDC", 100'000, {{"raydium", 4'328}, {"meteora", 4'328}}};
  auto route = best_route(graph, request);
  ASSERT_EQ(route->legs.size(), 2u);
  EXPECT_EQ(route->amount_out, 95'238u);
  EXPECT_EQ(route->cost, 8'656u);
  request.costs[1].cost = 4'330;
  route = best_route(graph, request);
  ASSERT_EQ(route->legs.size(), 1u);
  EXPECT_EQ(route->amount_out, 90'909u);
  EXPECT_EQ(lost_because(graph, *route, route->candidates[1]),
            "alone it yields 90909, as the route does");
}

TEST(Route, ATradeThatCostsMoreThanItYieldsTakesTheBestPath) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put(pool("P1", "raydium", "SOL", "USDC", 1'000'000, 500'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("P2", "raydium", "SOL", "USDC", 1'000'000, 1'000'000, 0)).ok());
  const auto route = best_route(graph, {"SOL", "USDC", 100, {{"raydium", 1'000}}});
  ASSERT_TRUE(route.ok());
  ASSERT_EQ(route->legs.size(), 1u);
  EXPECT_EQ(route->amount_out, 99u);
  EXPECT_EQ(route->cost, 1'000u);
}

TEST(Route, ThreeHopsInsideOneVenueAndNeverAcrossTwo) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put(pool("AB", "raydium", "A", "B", 1'000'000, 1'000'000)).ok());
  ASSERT_TRUE(graph.put(pool("BC", "raydium", "C", "B", 1'000'000, 1'000'000)).ok());
  ASSERT_TRUE(graph.put(pool("CD", "raydium", "C", "D", 1'000'000, 1'000'000)).ok());
  ASSERT_TRUE(graph.put(pool("DE", "raydium", "D", "E", 1'000'000, 1'000'000)).ok());
  ASSERT_TRUE(graph.put(pool("BX", "raydium", "B", "X", 1'000'000, 1'000'000)).ok());
  ASSERT_TRUE(graph.put(pool("XD", "meteora", "X", "D", 9'000'000, 9'000'000)).ok());
  const RouteRequest request{"A", "D", 10'000, {}};
  const auto route = best_route(graph, request);
  ASSERT_TRUE(route.ok());
  ASSERT_EQ(route->candidates.size(), 1u);
  EXPECT_EQ(to_text(graph, request, route->legs[0].path),
            "raydium: A > B by AB > C by BC > D by CD");
  EXPECT_EQ(best_route(graph, {"A", "E", 10'000, {}}).error().code, Errc::not_found);  // four hops
}

TEST(Route, PathsThroughOnePoolAreNeverBothLegsAndTheLoserNamesIt) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put(pool("IN", "raydium", "SOL", "MID", 1'000'000, 1'000'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("OUT1", "raydium", "MID", "USDC", 1'000'000, 1'000'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("OUT2", "raydium", "MID", "USDC", 900'000, 900'000, 0)).ok());
  const auto route = best_route(graph, {"SOL", "USDC", 100'000, {}});
  ASSERT_TRUE(route.ok());
  ASSERT_EQ(route->legs.size(), 1u);
  ASSERT_EQ(route->candidates.size(), 2u);
  EXPECT_EQ(lost_because(graph, *route, route->candidates[1]),
            "alone it yields 82568, 91 bps less than the route's 83333; it shares the pool IN with "
            "leg 1");
}

BinPool one_bin(Units amount_b) {
  return {10, 0,     {10'000, 0, 10, 120, 5'000, 0, 0},
          {}, 1'000, {{0, 0, amount_b}}};  // price 1, fee 0.1 %
}

TEST(Route, PathsTradeTogetherWhatNoneCanTradeAlone) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put({"B1", "meteora", "A", "B", one_bin(100'000)}).ok());
  ASSERT_TRUE(graph.put({"B2", "meteora", "A", "B", one_bin(50'003)}).ok());
  RouteRequest request{"A", "B", 120'000, {}};
  // 100,101 and 50,054 units of input take all of the bins. Sixteenths of the amount fit neither.
  for (const Units amount : {120'000, 150'000, 150'155}) {
    request.amount = amount;
    const auto route = best_route(graph, request);
    ASSERT_TRUE(route.ok()) << route.error().detail;
    EXPECT_EQ(route->legs.size(), 2u);
    EXPECT_EQ(route->amount_in, amount);
    EXPECT_GE(route->amount_out, amount - amount / 1'000 - 2);
    // Costs change nothing about it, even those above the output.
    request.costs = {{"meteora", 1'000'000}};
    EXPECT_EQ(best_route(graph, request)->amount_in, amount);
    request.costs.clear();
  }
  request.amount = 150'156;
  EXPECT_EQ(best_route(graph, request).error().detail,
            "too little liquidity: the pool can trade 150155 of 150156 units of input");
  request.amount = 9'000'000;
  EXPECT_EQ(best_route(graph, request).error().detail,
            "too little liquidity: the pool can trade 150155 of 9000000 units of input");
  // A third pool of a far worse price takes the rest, and no more than the rest.
  ASSERT_TRUE(graph.put(pool("C1", "raydium", "A", "B", 1'000'000'000, 100'000'000)).ok());
  request.amount = 151'155;
  const auto route = best_route(graph, request);
  ASSERT_TRUE(route.ok());
  EXPECT_EQ(route->legs.size(), 3u);
  EXPECT_EQ(route->amount_out, 150'003u + 99u);
}

TEST(Route, NoLegIsATradeThatRoundsToZero) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put({"B1", "meteora", "A", "B", one_bin(80)}).ok());
  ASSERT_TRUE(graph.put(pool("C1", "raydium", "A", "B", 1'000'000, 500'000, 0)).ok());
  // The bin can take 81 units, but one unit in the other pool yields nothing.
  const auto route = best_route(graph, {"A", "B", 82, {}});
  ASSERT_TRUE(route.ok());
  ASSERT_EQ(route->legs.size(), 2u);
  EXPECT_EQ(route->legs[0].amount_in, 79u);
  EXPECT_EQ(route->amount_out, 79u);
}

TEST(Route, RefusalsNameTheirReason) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put(pool("P1", "raydium", "SOL", "USDC", 1'000, 1'000)).ok());
  EXPECT_EQ(best_route(graph, {"SOL", "USDC", 0, {}}).error().detail, "the amount is zero");
  EXPECT_EQ(best_route(graph, {"SOL", "SOL", 1, {}}).error().code, Errc::invalid);
  EXPECT_EQ(best_route(graph, {"SOL", "BONK", 1, {}}).error().detail,
            "no pools connect SOL with BONK");
  EXPECT_EQ(best_route(graph, {"SOL", "USDC", 1, {}}).error().detail, "the trade rounds to zero");
  // 2^64 - 1 - 1,000 is all that fits beside the reserve.
  EXPECT_EQ(best_route(graph, {"SOL", "USDC", ~Units{0}, {}}).error().detail,
            "too little liquidity: the pool can trade 18446744073709550615 of 18446744073709551615 "
            "units of input");
  EXPECT_EQ(least_route(graph, {"SOL", "USDC", 1'000, {}}).error().code, Errc::full);
  graph.close("P1");
  EXPECT_EQ(best_route(graph, {"SOL", "USDC", 10, {}}).error().code, Errc::not_found);
}

TEST(Route, OutputsThatSumBeyondSixtyFourBitsAreRefused) {
  PoolGraph graph;
  constexpr Units huge = Units{1} << 63;
  for (const char* name : {"P1", "P2", "P3"}) {
    ASSERT_TRUE(graph.put(pool(name, "raydium", "A", "B", 1'000, ~Units{0}, 0)).ok());
  }
  const auto route = best_route(graph, {"A", "B", huge, {}});
  ASSERT_FALSE(route.ok());
  EXPECT_EQ(route.error().code, Errc::full);
}

TEST(PoolGraph, ReplacesTheStateAndRefusesOtherTerms) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put(pool("P1", "raydium", "SOL", "USDC", 1'000'000, 1'000'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("P1", "raydium", "SOL", "USDC", 1'000'000, 2'000'000, 0)).ok());
  EXPECT_EQ(best_route(graph, {"SOL", "USDC", 1'000, {}})->amount_out, 1'998u);
  EXPECT_EQ(best_route(graph, {"SOL", "USDC", 1'000, {}})->candidates.size(), 1u);
  EXPECT_EQ(graph.put(pool("P1", "raydium", "SOL", "USDT", 1, 1)).error().code, Errc::invalid);
  EXPECT_EQ(graph.put(pool("P1", "meteora", "SOL", "USDC", 1, 1)).error().code, Errc::invalid);
  EXPECT_EQ(graph.put(pool("P2", "raydium", "SOL", "SOL", 1, 1)).error().code, Errc::invalid);
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
