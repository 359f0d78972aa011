// The exchange's rules on many orders, without storage and threads.
#include "core/venue/paper/settlement.h"

#include <gtest/gtest.h>

#include "tests/support/paper_fixture.h"

namespace oee::paper {
namespace {

struct Rules {
  explicit Rules(std::uint32_t drift_bps_per_s = 20)
      : state(with_pools()),
        market(TokenRegistry::defaults(), state, PriceWalk(5, drift_bps_per_s)) {}
  static LedgerState with_pools() {
    LedgerState fresh;
    const auto deposits = Market::missing_pools(TokenRegistry::defaults(), fresh);
    for (const EntryBody& missing : *deposits) {
      JournalEntry entry;
      entry.body = missing;
      check(fresh.apply(entry).ok(), "a fresh deposit applies");
    }
    return fresh;
  }
  SettledBatch settle_batch(const std::vector<VenueRequest>& requests) {
    std::vector<std::optional<JournalEntry>> none(requests.size());
    return settle(market, state, requests, none, now);
  }
  LedgerState state;
  Market market;
  VenueTimePoint now{10, WallTime(std::chrono::seconds(1'780'000'000))};
};

TEST(Settlement, PoolsStayUsableThroughAMillionOneSidedOrdersWorth) {
  // A million sales of 1 SOL, as 20,000 orders of 50 SOL at 200 orders (10,000 SOL) a second.
  Rules rules;
  const LedgerState begin = rules.state;
  std::uint64_t number = 0;
  std::size_t settled = 0;
  std::size_t arbitrage = 0;
  for (int batch = 0; batch < 200; ++batch) {
    std::vector<VenueRequest> requests;
    for (int i = 0; i < 100; ++i) {
      VenueRequest request;
      request.kind = VenueRequest::Kind::submit;
      request.order = test::sol_order(++number, 50'000'000'000);
      const auto leg = rules.market.leg(0, Symbol("SOL"), Symbol("USDC"));
      const PoolState& pool = rules.state.pools[leg->pool];
      QuoteRequest asked;
      asked.amount_in = request.order.amount_in;
      const auto quote = rules.market.quote(*leg, PoolReserves{pool.reserve_a, pool.reserve_b},
                                            asked, rules.now.time);
      ASSERT_TRUE(quote.ok());
      request.order.min_out = min_out_of(quote->amount_out, 100);
      requests.push_back(request);
    }
    // The quotes are three seconds old when they are settled.
    rules.now.time += std::chrono::seconds(3);
    const SettledBatch done = rules.settle_batch(requests);
    for (const VenueReport& report : done.reports)
      settled += report.status == VenueStatus::settled ? 1 : 0;
    arbitrage += done.entries.size() - done.reports.size();
    rules.now.time -= Micros(2'500'000);
  }
  EXPECT_GE(settled * 100, number * 99) << "with 1 % slippage";
  EXPECT_GT(arbitrage, 0u);
  EXPECT_LT(arbitrage * 5, number) << "one arbitrage trade serves many orders";
  for (std::size_t i = 0; i < begin.pools.size(); ++i) {
    EXPECT_GE(rules.state.pools[i].product(), begin.pools[i].product());
    EXPECT_GT(rules.state.pools[i].reserve_a, begin.pools[i].reserve_a / 2);
    EXPECT_GT(rules.state.pools[i].reserve_b, begin.pools[i].reserve_b / 2);
  }
  for (const I128 gap : rules.state.conservation_gaps()) EXPECT_EQ(to_text(gap), "0");
}

TEST(Settlement, TheNextTradeGivesExactlyTheQuotedAmount) {
  Rules rules;
  std::uint64_t number = 0;
  for (const char* input : {"SOL", "USDC", "BONK", "ETH", "JUP"}) {
    for (const char* output : {"USDT", "RAY"}) {
      for (std::size_t venue = 0; venue < 2; ++venue) {
        VenueRequest request;
        request.kind = VenueRequest::Kind::submit;
        request.venue = venue;
        request.order = test::sol_order(
            ++number, *units_worth(1'000'000, *TokenRegistry::defaults().find(input)));
        request.order.input = test::token(input);
        request.order.output = test::token(output);
        const auto leg = rules.market.leg(venue, Symbol(input), Symbol(output));
        ASSERT_TRUE(leg.has_value()) << input << "/" << output;
        const PoolState& pool = rules.state.pools[leg->pool];
        QuoteRequest wanted;
        wanted.input = request.order.input;
        wanted.output = request.order.output;
        wanted.amount_in = request.order.amount_in;
        const auto quote = rules.market.quote(*leg, PoolReserves{pool.reserve_a, pool.reserve_b},
                                              wanted, rules.now.time);
        ASSERT_TRUE(quote.ok());
        const SettledBatch done = rules.settle_batch({request});
        ASSERT_EQ(done.reports[0].status, VenueStatus::settled) << done.reports[0].detail;
        EXPECT_EQ(done.reports[0].amount_out, quote->amount_out);
        EXPECT_EQ(done.reports[0].fee, quote->fee);
        rules.now.time += std::chrono::minutes(7);
      }
    }
  }
}

TEST(Settlement, OneIdInOneBatchTradesOnceAndEveryAnswerIsEqual) {
  Rules rules;
  VenueRequest request;
  request.kind = VenueRequest::Kind::submit;
  request.order = test::sol_order(1);
  VenueRequest cancel = request;
  cancel.kind = VenueRequest::Kind::cancel;
  VenueRequest find = request;
  find.kind = VenueRequest::Kind::find;
  const SettledBatch done = rules.settle_batch({find, request, request, cancel, find});
  EXPECT_EQ(done.reports[0].status, VenueStatus::not_found);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(done.reports[i].status, VenueStatus::settled);
    EXPECT_EQ(done.reports[i].amount_out, done.reports[1].amount_out);
    EXPECT_EQ(done.reports[i].tx_hash, tx_hash_of(request.order.id));
  }
  int settlements = 0;
  for (const JournalEntry& entry : done.entries) {
    settlements += std::holds_alternative<Settlement>(entry.body) ? 1 : 0;
  }
  EXPECT_EQ(settlements, 1);
}

}  // namespace
}  // namespace oee::paper
