// Paths of several pools at the exchange: quotes against settlements, refusals, and the pools that
// the exchange publishes for routes.
#include <gtest/gtest.h>

#include "core/venue/routes/route.h"
#include "tests/support/paper_fixture.h"

namespace oee::paper {
namespace {

using test::PaperFixture;
using test::quote_request;
using test::sol_order;

// SOL > USDT > USDC, or over other tokens, at raydium.
HopPath path_over(PaperFixture& fixture, std::vector<const char*> tokens) {
  const auto source = fixture.exchange->pools();
  PoolGraph graph;
  source->refresh(graph);
  HopPath path;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const auto from = graph.token(tokens[i]);
    const auto to = graph.token(tokens[i + 1]);
    for (const PoolGraph::Edge& edge : graph.edges_from(*from))
      if (edge.to == *to && graph.venue(edge.venue) == "raydium" && path.size() == i)
        path.push_back({graph.pool(edge.pool), tokens[i + 1]});
  }
  check(path.size() + 1 == tokens.size(), "the exchange has pools between all tokens");
  return path;
}

VenueOrder path_order(std::uint64_t number, HopPath path, Units amount_in = 1'000'000'000) {
  VenueOrder order = sol_order(number, amount_in);
  order.path = std::move(path);
  return order;
}

TEST(Path, TheNextTradeGivesExactlyWhatWasQuoted) {
  PaperFixture fixture(test::instant_options());
  std::uint64_t number = 0;
  for (const auto& tokens : std::vector<std::vector<const char*>>{
           {"SOL", "USDC"}, {"SOL", "USDT", "USDC"}, {"SOL", "ETH", "JUP", "USDC"}}) {
    for (const Units amount : {Units{1'000}, Units{1'000'000'000}, Units{90'000'000'000'000}}) {
      QuoteRequest request = quote_request("SOL", "USDC", amount);
      request.path = path_over(fixture, tokens);
      const auto quote = fixture.run(fixture.raydium().quote(request));
      ASSERT_TRUE(quote.ok()) << quote.error().detail;
      EXPECT_EQ(quote->amount_in, amount);
      VenueOrder order = path_order(++number, request.path, amount);
      order.min_out = quote->amount_out;
      const auto report = fixture.run(fixture.raydium().submit(order));
      ASSERT_TRUE(report.ok());
      ASSERT_EQ(report->status, VenueStatus::settled) << report->detail;
      EXPECT_EQ(report->amount_in, amount);
      EXPECT_EQ(report->amount_out, quote->amount_out);
      EXPECT_EQ(report->fee, quote->fee);
      fixture.advance(Micros{1'000'000});
    }
  }
  std::vector<SettledTrade> trades;
  const auto audit =
      fixture.exchange->audit([&](const SettledTrade& trade) { trades.push_back(trade); });
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_EQ(audit->settlements, 9u);
  ASSERT_EQ(trades.size(), 9u);
  for (const SettledTrade& trade : trades) {
    EXPECT_EQ(trade.input.symbol, "SOL");
    EXPECT_EQ(trade.output.symbol, "USDC");
    EXPECT_EQ(trade.venue, "raydium");
  }
}

TEST(Path, CostsTheFeeOfEveryPoolAndAddsUpTheirImpacts) {
  PaperFixture fixture(test::instant_options());
  QuoteRequest request = quote_request("SOL", "USDC", 1'000'000'000'000);
  request.path = path_over(fixture, {"SOL", "USDT", "USDC"});
  const auto quote = fixture.run(fixture.raydium().quote(request));
  ASSERT_TRUE(quote.ok());
  // 0.3 % twice; the second of what the first has left.
  EXPECT_NEAR(static_cast<double>(quote->fee), 1e12 * (0.003 + 0.003), 1e12 * 0.00002);
  QuoteRequest hop = quote_request("SOL", "USDT", 1'000'000'000'000);
  const auto first = fixture.run(fixture.raydium().quote(hop));
  hop = quote_request("USDT", "USDC", first->amount_out);
  const auto second = fixture.run(fixture.raydium().quote(hop));
  EXPECT_NEAR(quote->price_impact_bps, first->price_impact_bps + second->price_impact_bps, 1.0);
  EXPECT_EQ(quote->amount_out, second->amount_out);
}

TEST(Path, IsRefusedAsAWholeWhenItsEndIsBelowMinOut) {
  PaperFixture fixture(test::instant_options());
  VenueOrder order = path_order(1, path_over(fixture, {"SOL", "USDT", "USDC"}));
  order.min_out = ~Units{0};
  const auto report = fixture.run(fixture.raydium().submit(order));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, VenueStatus::rejected);
  EXPECT_EQ(report->refusal, ErrorClass::slippage_exceeded);
  const auto audit = fixture.exchange->audit();
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_EQ(audit->settlements, 0u);
  for (const TokenBalances& row : audit->state.balances) EXPECT_EQ(to_text(row.trader), "0");
}

TEST(Path, SettlesOnceHoweverOftenItIsSubmitted) {
  PaperFixture fixture(test::instant_options());
  const VenueOrder order = path_order(1, path_over(fixture, {"SOL", "USDT", "USDC"}));
  const auto first = fixture.run(fixture.raydium().submit(order));
  const auto again = fixture.run(fixture.raydium().submit(order));
  const auto found = fixture.find(fixture.raydium(), order);
  ASSERT_TRUE(first.ok() && again.ok() && found.ok());
  EXPECT_EQ(first->status, VenueStatus::settled);
  for (const auto& report : {*again, *found}) {
    EXPECT_EQ(report.status, VenueStatus::settled);
    EXPECT_EQ(report.amount_out, first->amount_out);
    EXPECT_EQ(report.tx_hash, first->tx_hash);
  }
  EXPECT_EQ(fixture.exchange->audit()->settlements, 1u);
}

TEST(Path, APathThatDoesNotLeadFromTheInputToTheOutputIsRefused) {
  PaperFixture fixture(test::instant_options());
  const HopPath good = path_over(fixture, {"SOL", "USDT", "USDC"});
  HopPath unknown = good;
  unknown[1].pool = "raydium-9999";
  HopPath other_venue = good;
  other_venue[0].pool = PoolName("meteora-0");
  HopPath other_token = good;
  other_token[0].output = "ETH";
  HopPath too_long = path_over(fixture, {"SOL", "ETH", "JUP", "USDT", "USDC"});
  std::uint64_t number = 0;
  for (const HopPath& path :
       {unknown, other_venue, other_token, too_long, HopPath{good[0]},
        path_over(fixture, {"SOL", "USDT", "SOL", "USDC"}), HopPath{{"", "USDC"}},
        HopPath{{"raydium-", "USDC"}}, HopPath{{"raydium-00", "USDC"}}}) {
    const VenueOrder order = path_order(++number, path);
    const auto report = fixture.run(fixture.raydium().submit(order));
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->status, VenueStatus::rejected) << number;
    EXPECT_EQ(report->refusal, ErrorClass::slippage_exceeded) << number;
    EXPECT_TRUE(report->detail.starts_with("the path would give nothing: ")) << report->detail;
    QuoteRequest request = quote_request("SOL", "USDC", 1'000'000'000);
    request.path = path;
    const auto quote = fixture.run(fixture.raydium().quote(request));
    ASSERT_FALSE(quote.ok()) << number;
    EXPECT_EQ(quote.error().code, Errc::invalid) << number;
  }
}

TEST(PublishedPools, TheGraphFollowsTheTradesAndThePoolsThatOpen) {
  PaperFixture fixture(test::instant_options());
  const auto source = fixture.exchange->pools();
  PoolGraph graph;
  source->refresh(graph);
  const std::size_t pools = graph.pools();
  EXPECT_EQ(pools, 42u);  // 21 pairs at two venues
  const RouteRequest request{"SOL", "USDC", 1'000'000'000, {}, {"meteora"}};
  const Units before = best_route(graph, request)->amount_out;
  (void)fixture.run(fixture.raydium().submit(sol_order(1, 5'000'000'000'000)));
  EXPECT_EQ(best_route(graph, request)->amount_out, before);
  source->refresh(graph);
  EXPECT_NE(best_route(graph, request)->amount_out, before);

  PoolOpening opening;
  opening.venue = "raydium";
  opening.input = test::token("SOL");
  opening.output = test::token("USDC");
  opening.price = Decimal{200, 0};
  opening.liquidity = 1'000'000'000'000;
  opening.kind = PoolKind::bins;
  const auto control = fixture.exchange->control(fixture.loop());
  ASSERT_TRUE(fixture.run(control->open_pool(opening)).ok());
  source->refresh(graph);
  EXPECT_EQ(graph.pools(), pools + 1);
  EXPECT_EQ(to_text(graph, request, best_route(graph, request)->legs[0].path),
            "raydium: SOL > USDC by raydium-42");
}

}  // namespace
}  // namespace oee::paper
