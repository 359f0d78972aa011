// Pools of every kind at the exchange: new ones, their trades against their quotes, the arbitrage
// account, moves by hand, and several pools of one pair.
#include <gtest/gtest.h>

#include "core/venue/paper/exchange.h"
#include "core/venue/paper/exchange_worker.h"
#include "core/venue/paper/new_pool.h"
#include "tests/support/paper_fixture.h"
#include "tests/support/registries.h"

namespace oee::paper {
namespace {

constexpr PoolKind kinds[] = {PoolKind::constant_product, PoolKind::stable_swap, PoolKind::bins,
                              PoolKind::ticks};

long double number(const SpotPrice& spot) {
  return static_cast<long double>(spot.out) / spot.in;
}

// --- New pools -----------------------------------------------------------------------------------

NewPool terms_of(PoolKind kind, SpotPrice price, Units amount_b) {
  NewPool terms;
  terms.venue = "raydium";
  terms.kind = kind;
  terms.a = test::token("SOL");
  terms.b = test::token("USDC");
  terms.price = price;
  terms.amount_b = amount_b;
  terms.fee_per_million = 3'000;
  terms.height = 1'000;
  return terms;
}

TEST(NewPool, OfEveryKindBeginsAtItsPriceWithItsLiquidity) {
  for (const PoolKind kind : kinds) {
    for (const SpotPrice price : {SpotPrice{15, 100}, SpotPrice{1, 1}, SpotPrice{999'983, 7},
                                  SpotPrice{3, 1'000'003}, SpotPrice{17, 5}}) {
      const Units amount_b = 1'000'000'000'000;
      const auto opened = new_pool(terms_of(kind, price, amount_b));
      ASSERT_TRUE(opened.ok()) << to_string(kind) << " " << opened.error().detail;
      EXPECT_EQ(opened->first.amount_b, amount_b);
      const oee::PoolState pool =
          opened->shape
              ? *opened->shape
              : ConstantProductPool{opened->first.amount_a, opened->first.amount_b, 3'000};
      EXPECT_EQ(kind_of(pool), to_string(kind));
      const SpotPrice sell_a = spot_price(pool, Direction::a_to_b);
      const SpotPrice sell_b = spot_price(pool, Direction::b_to_a);
      const double near = kind == PoolKind::bins          ? 0.0016
                          : kind == PoolKind::stable_swap ? 0.0002
                                                          : 0.00002;
      EXPECT_NEAR(static_cast<double>(number(sell_a) / number(price)), 1, near) << to_string(kind);
      EXPECT_NEAR(static_cast<double>(number(sell_b) * number(price)), 1, near) << to_string(kind);
      const PoolAmounts held = amounts_held(pool);
      EXPECT_LE(held.a, opened->first.amount_a);
      EXPECT_LE(held.b, amount_b);
      EXPECT_GE(held.b, amount_b - amount_b / 1'000);
      LedgerState state;
      JournalEntry entry;
      entry.body = *opened;
      EXPECT_TRUE(state.apply(entry).ok());
      EXPECT_EQ(state.pools.at(0).kind(), kind);
    }
  }
}

TEST(NewPool, APriceOutOfRangeIsRefused) {
  for (const PoolKind kind : kinds) {
    for (const SpotPrice price : {SpotPrice{1, ~Units{0}}, SpotPrice{~Units{0}, 1}}) {
      for (const Units amount_b : {pool_side_min, pool_side_max}) {
        const auto opened = new_pool(terms_of(kind, price, amount_b));
        ASSERT_FALSE(opened.ok()) << to_string(kind);
        EXPECT_EQ(opened.error().code, Errc::invalid);
      }
    }
  }
}

// --- The rules -----------------------------------------------------------------------------------

struct Rules {
  explicit Rules(PoolKind kind)
      : registry(test::registry_of(kind)),
        state(with_pools(registry)),
        market(registry, state, PriceWalk(5, 20)) {}
  static LedgerState with_pools(const TokenRegistry& registry) {
    LedgerState fresh;
    const auto pools = Market::missing_pools(registry, fresh);
    check(pools.ok(), "every pair has a price of the kind");
    for (const EntryBody& missing : *pools) {
      JournalEntry entry;
      entry.body = missing;
      check(fresh.apply(entry).ok(), "a fresh pool applies");
    }
    return fresh;
  }
  Result<Quote> quote(Market::Leg leg, const QuoteRequest& request) const {
    const PoolState& pool = state.pools[leg.pool];
    const EqualWorth set{pool.reference_a, pool.reference_b};
    return pool.shape ? market.quote(leg, *pool.shape, now.height, request, now.time, set)
                      : market.quote(leg, PoolReserves{pool.reserve_a, pool.reserve_b}, request,
                                     now.time, set);
  }
  SettledBatch settle_one(const VenueRequest& request) {
    return settle(market, state, {request}, {std::nullopt}, now);
  }
  void expect_sound() {
    for (const I128 gap : state.conservation_gaps()) EXPECT_EQ(to_text(gap), "0");
    for (const PoolState& pool : state.pools) {
      if (!pool.shape) continue;
      const PoolAmounts held = amounts_held(*pool.shape);
      EXPECT_LE(held.a, pool.reserve_a);
      EXPECT_LE(held.b, pool.reserve_b);
      EXPECT_TRUE(validate(*pool.shape).ok());
    }
  }
  void pass(Micros time) {
    now.time += time;
    now.height += static_cast<std::uint64_t>(time.count() / 400'000);
  }

  TokenRegistry registry;
  LedgerState state;
  Market market;
  VenueTimePoint now{4'450'000'000, WallTime(std::chrono::seconds(1'780'000'000))};
};

class EveryKind : public testing::TestWithParam<PoolKind> {};

TEST_P(EveryKind, ATradeIsExactlyItsQuoteAndNothingIsCreatedOrLost) {
  Rules rules(GetParam());
  std::uint64_t number = 0;
  const auto& tokens = rules.registry.tokens();
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < 7; ++i) {
      for (std::size_t j = 0; j < 7; ++j) {
        if (i == j) continue;
        ++number;
        VenueRequest request;
        request.kind = VenueRequest::Kind::submit;
        request.venue = (i + j) % 2;
        request.order = test::sol_order(number, *units_worth(100 << (number % 16), tokens[i]));
        request.order.input = tokens[i].token;
        request.order.output = tokens[j].token;
        const auto leg =
            rules.market.leg(request.venue, tokens[i].token.symbol, tokens[j].token.symbol);
        ASSERT_TRUE(leg.has_value());
        QuoteRequest asked;
        asked.input = request.order.input;
        asked.output = request.order.output;
        asked.amount_in = request.order.amount_in;
        const auto quote = rules.quote(*leg, asked);
        ASSERT_TRUE(quote.ok()) << quote.error().detail;
        request.order.min_out = quote->amount_out;
        const SettledBatch done = rules.settle_one(request);
        ASSERT_EQ(done.reports[0].status, VenueStatus::settled) << done.reports[0].detail;
        EXPECT_EQ(done.reports[0].amount_out, quote->amount_out);
        EXPECT_EQ(done.reports[0].fee, quote->fee);
        EXPECT_LT(quote->price_impact_bps, 500U);
        rules.pass(Micros(97'000'000));
      }
    }
  }
  rules.expect_sound();
}

TEST_P(EveryKind, APartIsTheLargestThatHoldsTheLimit) {
  Rules rules(GetParam());
  const auto leg = rules.market.leg(0, Symbol("SOL"), Symbol("USDC"));
  QuoteRequest asked;
  asked.amount_in = 10'000'000'000'000'000;  // five times what the pool holds
  const auto one = rules.quote(*leg, [] {
    QuoteRequest small;
    small.amount_in = 1'000'000'000;
    return small;
  }());
  ASSERT_TRUE(one.ok());
  // 2 % below the price of one.
  asked.least_out = one->amount_out / 100 * 98 * 10'000'000;
  asked.part_min = 1'000'000'000;
  const auto part = rules.quote(*leg, asked);
  ASSERT_TRUE(part.ok()) << part.error().detail;
  EXPECT_LT(part->amount_in, asked.amount_in);
  EXPECT_GT(part->amount_in, 1'000'000'000'000U);
  EXPECT_GE(U128(part->amount_out) * asked.amount_in, U128(asked.least_out) * part->amount_in);
}

TEST_P(EveryKind, TheArbitrageAccountFollowsTheWalk) {
  Rules rules(GetParam());
  std::size_t trades = 0;
  for (int i = 0; i < 600; ++i) {
    for (std::size_t venue = 0; venue < 2; ++venue) {
      trades += follow_reference(rules.market, rules.state, venue, rules.now).size();
      for (const Market::Pool& pool : rules.market.pools(venue)) {
        const PoolState& state = rules.state.pools[pool.id];
        const ReferencePrice reference = rules.market.reference(pool.id, rules.now.time);
        const long double price =
            static_cast<long double>(reference.b) / reference.a * reference.factor_ppm / 1'000'000;
        const oee::PoolState shape =
            state.shape ? *state.shape : ConstantProductPool{state.reserve_a, state.reserve_b, 0};
        const long double bid = number(spot_price(shape, Direction::a_to_b));
        const long double ask = 1 / number(spot_price(shape, Direction::b_to_a));
        ASSERT_LT(static_cast<double>(bid / price), 1.0032) << "step " << i;
        ASSERT_GT(static_cast<double>(ask / price), 0.9968) << "step " << i;
      }
    }
    rules.pass(Micros(20'000'000));
  }
  EXPECT_GT(trades, 500U);
  EXPECT_LT(trades, 15'000U) << "not a trade of each pool in each step";
  rules.expect_sound();
}

TEST_P(EveryKind, AMoveReachesThePriceFromBothSidesOrMovesNothing) {
  Rules rules(GetParam());
  const auto leg = rules.market.leg(1, Symbol("SOL"), Symbol("USDC"));
  for (const Units cents : {14'000U, 16'500U, 15'000U, 15'000U, 15'010U}) {
    const auto moved =
        move_market(rules.market, rules.state, {*leg}, cents * 10'000, 1'000'000'000, rules.now);
    ASSERT_TRUE(moved.ok()) << cents << " " << moved.error().detail;
    const double reached = static_cast<double>(number(moved->prices[0]) * 100'000);
    EXPECT_NEAR(reached / cents, 1, GetParam() == PoolKind::bins ? 0.0021 : 0.0002);
    EXPECT_EQ(moved->entries.size(), moved->entries.size() > 1 ? 2U : 1U);
    rules.pass(Micros(400'000));
    EXPECT_LE(follow_reference(rules.market, rules.state, 1, rules.now).size(), 20U);
    const auto quote = rules.quote(*leg, [] {
      QuoteRequest small;
      small.amount_in = 1'000'000'000;
      return small;
    }());
    EXPECT_NEAR(static_cast<double>(quote->amount_out) / (cents * 10'000.0), 1, 0.006);
  }
  const LedgerState before = rules.state;
  EXPECT_EQ(move_market(rules.market, rules.state, {*leg}, 1, 1'000'000'000'000'000, rules.now)
                .error()
                .code,
            Errc::full);
  EXPECT_EQ(rules.state, before);
  rules.expect_sound();
}

TEST_P(EveryKind, AForgedTradeIsCorrupt) {
  Rules rules(GetParam());
  const LedgerState before = rules.state;
  VenueRequest request;
  request.kind = VenueRequest::Kind::submit;
  request.order = test::sol_order(1);
  const SettledBatch done = rules.settle_one(request);
  for (const Units more : {Units{1}, Units{1'000'000'000}}) {
    rules.state = before;
    for (JournalEntry entry : done.entries) {
      auto* settlement = std::get_if<Settlement>(&entry.body);
      if (settlement) settlement->trade.amount_out += more;
      const auto applied = rules.state.apply(entry);
      if (!settlement) continue;
      if (GetParam() == PoolKind::constant_product && more == 1) continue;  // within the fee
      ASSERT_FALSE(applied.ok());
      EXPECT_EQ(applied.error().code, Errc::corrupt);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryKind, testing::ValuesIn(kinds),
                         [](const auto& kind) { return std::string(to_string(kind.param)); });

// --- At the venue --------------------------------------------------------------------------------

TEST_P(EveryKind, AnExchangeOfTheKindTradesMovesAndPassesItsAudit) {
  const TokenRegistry registry = test::registry_of(GetParam());
  test::PaperFixture fixture(test::instant_options(), 7, registry);
  std::map<std::uint32_t, PoolPrice> prices;
  fixture.raydium().prices_to([&prices](std::span<const PoolPrice> changed) {
    for (const PoolPrice& price : changed) prices[price.pool] = price;
  });
  fixture.settle_down();
  EXPECT_EQ(prices.size(), 21U);
  for (std::uint64_t i = 1; i <= 200; ++i) {
    const bool sells = i % 2 == 0;
    VenueOrder order = test::sol_order(i, sells ? 3'000'000'000 : 300'000'000);
    if (!sells) std::swap(order.input, order.output);
    QuoteRequest asked;
    asked.input = order.input;
    asked.output = order.output;
    asked.amount_in = order.amount_in;
    const auto quote = fixture.run(fixture.raydium().quote(asked));
    ASSERT_TRUE(quote.ok()) << quote.error().detail;
    for (const auto& [pool, price] : prices) {
      if (price.a != test::token("SOL") || price.b != test::token("USDC")) continue;
      const SpotPrice& spot = sells ? price.sell_a : price.sell_b;
      const Units traded = quote->amount_in - quote->fee;
      ASSERT_LE(U128(quote->amount_out) * spot.in, U128(spot.out) * traded) << i;
      ASSERT_LE(quote->amount_out, sells ? price.amount_b : price.amount_a);
    }
    order.min_out = quote->amount_out;
    const auto report = fixture.run(fixture.raydium().submit(order));
    ASSERT_TRUE(report.ok());
    ASSERT_EQ(to_string(report->status), "settled") << report->detail;
    EXPECT_EQ(report->amount_out, quote->amount_out);
    for (int height = 0; height < 5; ++height) fixture.advance(height_length);
  }
  fixture.raydium().prices_to({});
  const auto audit = fixture.exchange->audit();
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_EQ(audit->settlements, 200U);
  for (const PoolState& pool : audit->state.pools) EXPECT_EQ(pool.kind(), GetParam());
}

}  // namespace
}  // namespace oee::paper
