// The executor with paths of several pools. The scripted venues quote 149 and 148 USDC for 1 SOL in
// one pool; the graph has pools between SOL, USDT and USDC.
#include <gtest/gtest.h>

#include "core/order/legs.h"
#include "tests/core/exec/fixed_pools.h"
#include "tests/core/exec/limit_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::constant_pool;
using test::FixedPools;
using test::LimitFixture;
using test::sol;

class PathOrder : public testing::Test, protected LimitFixture {
 protected:
  static constexpr Units deep = 1'000'000'000'000'000;
  PathOrder() {
    pools = &source;
    options.routes.impact_min_bps = 0;
    options.concurrency = 8;
    open_path("raydium", 155);
    restart();
  }
  // Opens pools that pay `price` USDC for 1 SOL over USDT.
  void open_path(const std::string& venue, Units price) {
    source.pools.push_back(constant_pool((venue + "-1").c_str(), venue.c_str(), "SOL", "USDT",
                                         deep * 1'000, deep * price));
    source.pools.push_back(
        constant_pool((venue + "-2").c_str(), venue.c_str(), "USDT", "USDC", deep, deep));
  }
  static HopPath usdt_path(const std::string& venue) {
    return {{PoolName(venue + "-1"), "USDT"}, {PoolName(venue + "-2"), "USDC"}};
  }
  // The venues have no pool of the pair: they quote paths alone.
  void quote_paths_alone() {
    for (test::ScriptedVenue* venue : {&raydium, &meteora})
      venue->on_quote = [venue](const QuoteRequest& request) {
        venue->quote_error.reset();
        if (request.path.empty()) venue->quote_error = Error{Errc::invalid, "no pool"};
      };
  }
  void quote_paths_late() {
    raydium.on_quote = [this](const QuoteRequest& request) {
      raydium.quote_delay = Micros{request.path.empty() ? 0 : 100'000};
    };
  }
  CircuitBreaker::State submit_breaker() {
    return executor->metrics().venues[0]->breakers[VenueMetrics::submit].state;
  }
  RouteSelected route(const OrderId& id) {
    RouteSelected last;
    for (const Record& record : records_of(id))
      if (const auto* event = std::get_if<RouteSelected>(&record.event)) last = *event;
    return last;
  }
  TransactionBuilt built(const OrderId& id) {
    TransactionBuilt last;
    for (const Record& record : records_of(id))
      if (const auto* event = std::get_if<TransactionBuilt>(&record.event)) last = *event;
    return last;
  }
  FixedPools source;
};

TEST_F(PathOrder, TradesAlongThePathThatTheVenueQuotesHigherThanEveryPool) {
  raydium.path_out = 154'000'000;
  const OrderId id = place(1);
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  const RouteSelected selected = route(id);
  ASSERT_EQ(selected.quotes.size(), 3u);
  EXPECT_EQ(selected.chosen, 2u);
  EXPECT_EQ(selected.quotes[2].path, usdt_path("raydium"));
  EXPECT_EQ(selected.quotes[2].amount_out.units, 154'000'000u);
  EXPECT_EQ(selected.quotes[0].lost_because,
            "amount out 149 is 324 bps less than raydium's 154 by raydium-1>USDT>raydium-2");
  EXPECT_EQ(built(id).path, usdt_path("raydium"));
  EXPECT_EQ(raydium.settled.at(built(id).venue_order_id).path, usdt_path("raydium"));
  const auto legs = legs_of(records_of(id));
  ASSERT_EQ(legs.size(), 1u);
  EXPECT_EQ(legs[0].path, usdt_path("raydium"));
}

TEST_F(PathOrder, OnePoolTradesWhenTheVenueQuotesThePathLower) {
  raydium.path_out = 148'500'000;
  const OrderId id = place(1);
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  const RouteSelected selected = route(id);
  ASSERT_EQ(selected.quotes.size(), 3u);
  EXPECT_EQ(selected.chosen, 0u);
  EXPECT_EQ(selected.quotes[2].lost_because, "amount out 148.5 is 33 bps less than raydium's 149");
  EXPECT_TRUE(built(id).path.empty());
  EXPECT_TRUE(raydium.settled.at(built(id).venue_order_id).path.empty());
}

TEST_F(PathOrder, APathWhosePoolsWouldGiveLessIsNotAskedForAndTheReasonIsStored) {
  source.pools.clear();
  open_path("raydium", 140);
  const OrderId id = place(1);
  settle_now();
  const RouteSelected selected = route(id);
  ASSERT_EQ(selected.quotes.size(), 3u);
  EXPECT_EQ(selected.chosen, 0u);
  EXPECT_EQ(selected.quotes[2].path, usdt_path("raydium"));
  EXPECT_EQ(selected.quotes[2].error,
            "not asked: its pools would give 139.999979, and raydium gives 149");
  EXPECT_EQ(raydium.quotes, 1);
}

TEST_F(PathOrder, OfTwoPathsTheBetterOneIsAskedFor) {
  open_path("meteora", 160);
  meteora.path_out = 159'000'000;
  const OrderId id = place(1);
  settle_now();
  const RouteSelected selected = route(id);
  ASSERT_EQ(selected.quotes.size(), 4u);
  EXPECT_EQ(selected.chosen, 2u);
  EXPECT_EQ(selected.quotes[2].venue, VenueName("meteora"));
  EXPECT_EQ(selected.quotes[3].venue, VenueName("raydium"));
  EXPECT_NE(selected.quotes[3].error, "");
  EXPECT_EQ(built(id).venue, VenueName("meteora"));
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

TEST_F(PathOrder, AnAmountThatHardlyMovesThePriceIsNotCompared) {
  options.routes.impact_min_bps = 5;
  restart();
  const int refreshed = source.refreshed;
  const OrderId id = place(1);
  settle_now();
  EXPECT_EQ(route(id).quotes.size(), 2u);
  EXPECT_EQ(source.refreshed, refreshed);
}

TEST_F(PathOrder, APairWithoutAPoolTradesAlongAPath) {
  quote_paths_alone();
  const OrderId id = place(1);
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(built(id).path, usdt_path("raydium"));
}

TEST_F(PathOrder, ALimitOrderOfAPairWithoutAPoolRestsUntilThePathPaysItsLimit) {
  raydium.path_out = 149'000'000;
  quote_paths_alone();
  const OrderId id = place_limit(1, TimeInForce::gtc);  // 150
  run_for(Micros{20'000'000});
  ASSERT_EQ(order(id).phase, Phase::resting) << types(id);
  kill();
  run_for(Micros{5'000'000});
  ASSERT_EQ(order(id).phase, Phase::resting) << types(id);
  raydium.path_out = 150'500'000;
  run_for(Micros{10'000'000});
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(built(id).path, usdt_path("raydium"));
  EXPECT_GE(built(id).min_out.units, 150'000'000u);
}

TEST_F(PathOrder, ItWaitsWhileItsOnlyPathCannotTradeAndGoesOnAfterwards) {
  quote_paths_alone();
  raydium.path_out = 149'000'000;
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{20'000'000});
  // Its pool is too full for 1 SOL more.
  source.pools[0].state = ConstantProductPool{~Units{0} - 1'000, deep * 155, 0};
  run_for(Micros{20'000'000});
  ASSERT_EQ(order(id).phase, Phase::resting) << types(id);
  source.pools[0].state = ConstantProductPool{deep * 1'000, deep * 155, 0};
  const Seq halted = halt(HaltScope::venue, "raydium");
  run_for(Micros{20'000'000});
  ASSERT_EQ(order(id).phase, Phase::resting) << types(id);
  resume(halted);
  raydium.path_out = 155'000'000;
  run_for(Micros{20'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

TEST_F(PathOrder, OfTheOrdersThatRestForAPathAboutAThousandAskInASecond) {
  quote_paths_alone();
  raydium.path_out = 149'000'000;
  for (std::uint64_t n = 1; n <= 8'000; ++n) place_limit(n, TimeInForce::gtc);
  run_for(Micros{30'000'000});
  const int asked = raydium.quotes;
  run_for(Micros{30'000'000});
  EXPECT_LE(raydium.quotes - asked, 2 * 31'000);  // a pool and a path
  EXPECT_GT(raydium.quotes - asked, 10'000);
}

TEST_F(PathOrder, AnAmountThatMovesThePathTooFarIsSoldInPartsWhenPartsWillDo) {
  source.pools.clear();  // 155 for little, 140.9 for 1 SOL
  source.pools.push_back(
      constant_pool("raydium-1", "raydium", "SOL", "USDT", 10 * sol, 1'550'000'000));
  source.pools.push_back(constant_pool("raydium-2", "raydium", "USDT", "USDC", deep, deep));
  raydium.on_quote = [this](const QuoteRequest& request) {
    raydium.path_out = request.amount_in * 1'505 / 10'000;
  };
  const OrderId whole = place_limit(1, TimeInForce::ioc);
  const OrderId parts = place_limit(2, TimeInForce::ioc, test::in_parts);
  settle_now();
  EXPECT_EQ(order(whole).filled_in, 0u) << types(whole);
  EXPECT_NEAR(static_cast<double>(order(parts).filled_in), 1e9 / 3,
              7'000.0)  // a unit of the output
      << types(parts);
  EXPECT_EQ(built(parts).path, usdt_path("raydium"));
  EXPECT_EQ(order(parts).phase, Phase::cancelled);
}

// --- Venues that change while the path is quoted -------------------------------------------------

TEST_F(PathOrder, ABreakerThatOpensMeanwhileKeepsTheOrderFromThePath) {
  raydium.path_out = 154'000'000;
  quote_paths_late();
  raydium.submit_error = Error{Errc::unavailable, "down"};
  for (std::uint64_t n = 1; n <= 5; ++n) {
    place(n);
    run_for(Micros{1'000});
  }
  run_for(Micros{50'000});
  const OrderId id = place(6);  // its path is asked for while the breaker is closed
  run_for(Micros{1'000});
  ASSERT_EQ(submit_breaker(), CircuitBreaker::State::closed);
  run_for(Micros{60'000});  // the five have failed
  ASSERT_EQ(submit_breaker(), CircuitBreaker::State::open);
  run_for(Micros{100'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(built(id).venue, VenueName("meteora"));
}

TEST_F(PathOrder, OfTwoOrdersOneIsTheProbeOfTheBreaker) {
  raydium.path_out = 154'000'000;
  quote_paths_late();
  raydium.submit_error = Error{Errc::unavailable, "down"};
  for (std::uint64_t n = 1; n <= 5; ++n) {
    place(n);
    run_for(Micros{150'000});
  }
  ASSERT_EQ(submit_breaker(), CircuitBreaker::State::open);
  run_for(Micros{1'100'000});
  const OrderId one = place(6);
  const OrderId other = place(7);
  run_for(Micros{500'000});
  EXPECT_EQ(
      (built(one).venue == VenueName("raydium")) + (built(other).venue == VenueName("raydium")), 1);
}

TEST_F(PathOrder, NoMoreAttemptsAreLiveAtAVenueThanAllowed) {
  options.live_attempts_max = 1;
  restart();
  raydium.path_out = 154'000'000;
  quote_paths_late();
  raydium.submit_delay = Micros{3'000'000};
  for (std::uint64_t n = 1; n <= 10; ++n) place(n);
  run_for(Micros{300'000});
  EXPECT_EQ(executor->metrics().venues[0]->live.load(), 1u);
}

TEST_F(PathOrder, AQuoteOfAnotherAmountIsNone) {
  raydium.on_quote = [this](const QuoteRequest& request) {
    raydium.part_always = !request.path.empty();
    raydium.part_in = sol * 9 / 10;
    raydium.part_out = 150'000'000;
  };
  const OrderId id = place(1);
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(route(id).quotes[2].error, "the quote is of another amount");
  EXPECT_TRUE(built(id).path.empty());
}

TEST_F(PathOrder, APathThatTheVenueRefusesIsTriedAnew) {
  raydium.path_out = 154'000'000;
  raydium.script = {Act::refuse_slippage};
  const OrderId id = place(1);
  run_for(Micros{10'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(order(id).attempt, 2u);
}

TEST_F(PathOrder, NoPathPassesAHaltedToken) {
  raydium.path_out = 154'000'000;
  halt(HaltScope::token, "USDT");
  const OrderId id = place(1);
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_TRUE(built(id).path.empty());
}

TEST_F(PathOrder, AHaltOfATokenOfThePathComesBeforeTheTransactionOrHoldsIt) {
  raydium.path_out = 154'000'000;
  quote_paths_late();
  const OrderId id = place(1);
  run_for(Micros{50'000});  // the path is being quoted
  halt(HaltScope::token, "USDT");
  run_for(Micros{1'000'000});
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_TRUE(built(id).path.empty());
}

// --- After a kill --------------------------------------------------------------------------------

TEST_F(PathOrder, AfterAKillTheSamePathIsSubmittedUnderTheSameId) {
  raydium.path_out = 154'000'000;
  raydium.script = {Act::lose_request};
  const OrderId id = place(1);
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::submitted) << types(id);
  const TransactionBuilt first = built(id);
  source.pools.clear();  // the log alone has the path now
  kill();
  run_for(Micros{10'000'000});
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(built(id).venue_order_id, first.venue_order_id);
  EXPECT_EQ(raydium.settled.at(first.venue_order_id).path, usdt_path("raydium"));
}

TEST_F(PathOrder, AHaltedVenueIsInNoPath) {
  raydium.path_out = 154'000'000;
  halt(HaltScope::venue, "raydium");
  const OrderId id = place(1);
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(built(id).venue, VenueName("meteora"));
  EXPECT_EQ(route(id).quotes.size(), 2u);
}

TEST_F(PathOrder, AnExactOutputTradesInOnePool) {
  const OrderId id = place_limit(1, TimeInForce::by_type, [](OrderAccepted& event) {
    event.type = OrderType::market;
    event.limit_price.reset();
    event.slippage_bps = 100;
    event.amount_in = Decimal{2 * sol, 9};
    event.exact_out = 149'000'000;
  });
  settle_now();
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(route(id).quotes.size(), 2u);
}

TEST_F(PathOrder, AnOrderThatIsCancelledWhileThePathIsQuotedTradesNothing) {
  raydium.path_out = 154'000'000;
  raydium.quote_delay = Micros{100'000};
  const OrderId id = place(1);
  run_for(Micros{150'000});  // the path is being quoted
  ASSERT_EQ(raydium.quotes, 2);
  ASSERT_EQ(cancel(id), EventType::order_cancelled);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::cancelled) << types(id);
  EXPECT_TRUE(raydium.submits.empty());
}

TEST_F(PathOrder, AQuoteOfAPathThatNeverComesHoldsTheOrderForItsDeadlineOnly) {
  raydium.on_quote = [this](const QuoteRequest& request) {
    raydium.quote_delay = Micros{request.path.empty() ? 0 : 3'600'000'000};
  };
  const OrderId id = place(1);
  run_for(Micros{5'000'000});
  ASSERT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_TRUE(built(id).path.empty());
  EXPECT_EQ(route(id).quotes[2].error, "no quote in time");
}

}  // namespace
}  // namespace oee
