#include "core/venue/routes/route.h"

#include <gtest/gtest.h>

namespace oee {
namespace {

OpenPool pool(const char* name, const char* venue, const char* a, const char* b, Units reserve_a,
              Units reserve_b, std::uint32_t fee = 2'500) {
  return {name, venue, a, b, ConstantProductPool{reserve_a, reserve_b, fee}};
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
  EXPECT_EQ(graph.put({"P3", "meteora", "SOL", "USDC", TickPool{}}).error().detail,
            "the price is not that of the tick");
}

TEST(BestPath, IsTheLongerPathThatYieldsMost) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put(pool("P1", "raydium", "SOL", "USDC", 1'000'000, 1'000'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("P2", "raydium", "SOL", "USDT", 1'000'000, 1'000'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("P3", "raydium", "USDT", "USDC", 1'000'000, 1'000'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("M2", "meteora", "SOL", "USDT", 1'000'000, 1'100'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("M3", "meteora", "USDT", "USDC", 1'000'000, 1'000'000, 0)).ok());
  RouteRequest request{"SOL", "USDC", 100'000, {}};
  auto route = best_path(graph, request, 2);
  ASSERT_TRUE(route.ok());
  ASSERT_EQ(route->legs.size(), 1u);
  EXPECT_EQ(to_text(graph, request, route->legs[0].path), "meteora: SOL > USDT by M2 > USDC by M3");
  EXPECT_EQ(route->amount_in, 100'000u);
  EXPECT_EQ(route->amount_out, 90'909u);
  EXPECT_EQ(route->candidates.size(), 2u);  // not the single pool
  request.without = {"meteora"};
  route = best_path(graph, request, 2);
  ASSERT_TRUE(route.ok());
  EXPECT_EQ(to_text(graph, request, route->legs[0].path), "raydium: SOL > USDT by P2 > USDC by P3");
  EXPECT_EQ(best_path(graph, request, 1)->legs[0].path.size(), 1u);
  request.without = {"meteora", "raydium"};
  EXPECT_EQ(best_path(graph, request, 2).error().code, Errc::not_found);
}

TEST(BestPath, ThereIsNoneWithoutEnoughPoolsOrLiquidity) {
  PoolGraph graph;
  ASSERT_TRUE(graph.put(pool("P1", "raydium", "SOL", "USDC", 1'000'000, 1'000'000, 0)).ok());
  const RouteRequest request{"SOL", "USDC", 100'000, {}};
  EXPECT_EQ(best_path(graph, request, 2).error().code, Errc::not_found);
  ASSERT_TRUE(graph.put(pool("P2", "raydium", "SOL", "USDT", ~Units{0}, 1'000'000, 0)).ok());
  ASSERT_TRUE(graph.put(pool("P3", "raydium", "USDT", "USDC", 1'000'000, 1'000'000, 0)).ok());
  EXPECT_EQ(best_path(graph, request, 2).error().code, Errc::full);
}

}  // namespace
}  // namespace oee
