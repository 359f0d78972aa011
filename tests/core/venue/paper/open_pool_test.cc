// Pools that are opened at run time: quoted, traded, published, durable, and several of one pair.
#include <gtest/gtest.h>

#include "core/venue/paper/exchange.h"
#include "core/venue/paper/exchange_worker.h"
#include "tests/support/paper_fixture.h"
#include "tests/support/process/servers.h"
#include "tests/support/registries.h"

namespace oee::paper {
namespace {

using test::DiskFixture;
using test::instant_options;
using test::PaperFixture;

constexpr PoolKind kinds[] = {PoolKind::constant_product, PoolKind::stable_swap, PoolKind::bins,
                              PoolKind::ticks};

const TokenRegistry& registry() {
  static const TokenRegistry made = test::registry_of(PoolKind::constant_product);
  return made;
}

Token newt() {
  return registry().find(test::unlisted_symbol)->token;
}

// NEWT at 2 USDC, 500,000 USDC deep.
PoolOpening opening(PoolKind kind = PoolKind::constant_product, const char* venue = "raydium") {
  PoolOpening made;
  made.venue = venue;
  made.input = newt();
  made.output = test::token("USDC");
  made.price = Decimal{2, 0};
  made.liquidity = 500'000'000'000;
  made.kind = kind;
  return made;
}

QuoteRequest ask(Units amount_in = 1'000'000) {
  QuoteRequest request;
  request.input = newt();
  request.output = test::token("USDC");
  request.amount_in = amount_in;
  return request;
}

VenueOrder sell(std::uint64_t number, Units amount_in = 1'000'000) {
  VenueOrder order = test::sol_order(number, amount_in);
  order.input = newt();
  return order;
}

TEST(OpenPool, EveryKindIsQuotedTradedAndPublishedAfterItIsOpenedOnly) {
  for (const PoolKind kind : kinds) {
    PaperFixture fixture(instant_options(), 7, registry());
    const auto control = fixture.exchange->control(fixture.loop());
    std::vector<PoolPrice> published;
    fixture.meteora().prices_to([&published](std::span<const PoolPrice> prices) {
      published.assign(prices.begin(), prices.end());
    });
    fixture.settle_down();
    EXPECT_EQ(published.size(), 21U) << "no pool of the new token";
    EXPECT_EQ(fixture.run(fixture.meteora().quote(ask())).error().code, Errc::invalid);
    EXPECT_EQ(to_string(fixture.run(fixture.meteora().submit(sell(1)))->status), "rejected");

    const auto opened = fixture.run(control->open_pool(opening(kind, "meteora")));
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    EXPECT_EQ(opened->pool, 42U);
    EXPECT_EQ(opened->venue.view(), "meteora");
    EXPECT_EQ(opened->kind, kind);
    fixture.settle_down();
    ASSERT_EQ(published.size(), 1U);
    EXPECT_EQ(published[0].pool, 42U);
    EXPECT_EQ(published[0].a, newt());
    EXPECT_NEAR(static_cast<double>(published[0].amount_b), 500e9, 500e9 * 0.001);
    EXPECT_EQ(fixture.run(fixture.raydium().quote(ask())).error().code, Errc::invalid);
    const auto quote = fixture.run(fixture.meteora().quote(ask()));
    ASSERT_TRUE(quote.ok()) << quote.error().detail;
    EXPECT_NEAR(static_cast<double>(quote->amount_out), 1'996'000, 5'000) << to_string(kind);
    const auto report = fixture.run(fixture.meteora().submit(sell(2)));
    ASSERT_EQ(to_string(report->status), "settled") << report->detail;
    EXPECT_EQ(report->amount_out, quote->amount_out);
    for (int i = 0; i < 100; ++i) fixture.advance(Micros(10'000'000));
    const auto later = fixture.run(fixture.meteora().quote(ask()));
    EXPECT_NEAR(static_cast<double>(later->amount_out), 2'000'000, 150'000) << "the walk goes on";
    fixture.meteora().prices_to({});
    const auto audit = fixture.exchange->audit();
    ASSERT_TRUE(audit.ok()) << audit.error().detail;
    EXPECT_EQ(audit->state.pools.at(42).kind(), kind);
  }
}

TEST(OpenPool, TheBestPoolOfAPairIsQuotedAndTraded) {
  for (const PoolKind kind : kinds) {
    PaperFixture fixture(instant_options(), 7, registry());
    const auto control = fixture.exchange->control(fixture.loop());
    const QuoteRequest asked = test::quote_request("SOL", "USDC", 1'000'000'000);
    const Units before = fixture.run(fixture.raydium().quote(asked))->amount_out;
    PoolOpening better = opening(kind);
    better.input = test::token("SOL");
    better.price = Decimal{200, 0};
    better.liquidity = 2'000'000'000'000;
    ASSERT_TRUE(fixture.run(control->open_pool(better)).ok());
    const Units after = fixture.run(fixture.raydium().quote(asked))->amount_out;
    EXPECT_GT(after, before);
    EXPECT_NEAR(static_cast<double>(after), 199'400'000, 500'000) << to_string(kind);
    VenueOrder order = test::sol_order(1);
    order.min_out = after;
    const auto report = fixture.run(fixture.raydium().submit(order));
    EXPECT_EQ(to_string(report->status), "settled") << report->detail;
    EXPECT_EQ(report->amount_out, after);
    // The other way round the old pool is the better one.
    const QuoteRequest back = test::quote_request("USDC", "SOL", 150'000'000);
    EXPECT_NEAR(static_cast<double>(fixture.run(fixture.raydium().quote(back))->amount_out),
                1'000'000'000, 30'000'000);
    // More than the new pool holds is paid by the old one; a move by hand moves both.
    const QuoteRequest large = test::quote_request("SOL", "USDC", 200'000'000'000'000);
    EXPECT_GT(fixture.run(fixture.raydium().quote(large))->amount_out, 20'000'000'000'000U);
    MarketMove move;
    move.input = test::token("SOL");
    move.output = test::token("USDC");
    move.price = Decimal{190, 0};
    const auto moved = fixture.run(control->move_market(move));
    ASSERT_TRUE(moved.ok()) << moved.error().detail;
    EXPECT_EQ(moved->size(), 2U) << "one price for each venue";
    const Units reached = fixture.run(fixture.raydium().quote(asked))->amount_out;
    EXPECT_NEAR(static_cast<double>(reached), 189'400'000, 1'000'000);
    const auto audit = fixture.exchange->audit();
    ASSERT_TRUE(audit.ok()) << audit.error().detail;
  }
}

TEST(OpenPool, IsThereAfterARestartAndTheAuditPasses) {
  test::TemporaryDirectory dir;
  ExchangeOptions options = instant_options();
  options.dir = dir.path();
  options.drift_bps_per_s = 0;
  std::map<PoolKind, Units> quoted;
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    DiskFixture fixture(options, 7, registry());
    ASSERT_FALSE(fixture.error.has_value()) << fixture.error->detail;
    const auto control = fixture.exchange->control(fixture.loop());
    PoolOpening another = opening(kinds[i]);
    another.price = Decimal{20 + i, 1};  // each a better price than the one before
    const auto opened = fixture.run(control->open_pool(another));
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    EXPECT_EQ(opened->pool, 42 + i);
    const auto report = fixture.run(fixture.raydium().submit(sell(i + 1)));
    EXPECT_EQ(to_string(report->status), "settled") << report->detail;
    quoted[kinds[i]] = fixture.run(fixture.raydium().quote(ask()))->amount_out;
    if (i > 0) {
      EXPECT_GT(quoted[kinds[i]], quoted[kinds[i - 1]]);
    }
  }
  const auto audit = audit_ledger(dir.path());
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_EQ(audit->state.pools.size(), 46U);
  EXPECT_EQ(audit->settlements, 4U);
  DiskFixture fixture(options, 7, registry());
  EXPECT_EQ(fixture.run(fixture.raydium().quote(ask()))->amount_out, quoted[PoolKind::ticks]);
}

TEST(OpenPool, ALedgerKeepsItsPoolsWhenTheRegistryNamesAnotherKind) {
  test::TemporaryDirectory dir;
  ExchangeOptions options = instant_options();
  options.dir = dir.path();
  {
    DiskFixture fixture(options);
    EXPECT_EQ(to_string(fixture.run(fixture.raydium().submit(test::sol_order(1)))->status),
              "settled");
  }
  const auto before = audit_ledger(dir.path());
  ASSERT_TRUE(before.ok()) << before.error().detail;
  const TokenRegistry bins = test::registry_of(PoolKind::bins);
  {
    DiskFixture fixture(options, 7, bins);
    ASSERT_FALSE(fixture.error.has_value()) << fixture.error->detail;
    EXPECT_EQ(to_string(fixture.run(fixture.raydium().submit(test::sol_order(2)))->status),
              "settled");
  }
  const auto after = audit_ledger(dir.path());
  ASSERT_TRUE(after.ok()) << after.error().detail;
  EXPECT_EQ(after->state.pools.size(), before->state.pools.size());
  for (const PoolState& pool : after->state.pools)
    EXPECT_EQ(pool.kind(), PoolKind::constant_product);
  EXPECT_EQ(after->settlements, 2U);
}

TEST(OpenPool, WhatCannotBeOpenedIsRefusedAndLeavesNoTrace) {
  PaperFixture fixture(instant_options(), 7, registry());
  const auto control = fixture.exchange->control(fixture.loop());
  const auto before = fixture.exchange->audit();
  const auto refused = [&](const PoolOpening& wrong) {
    const auto opened = fixture.run(control->open_pool(wrong));
    return opened ? Errc::timeout : opened.error().code;
  };
  EXPECT_EQ(refused(opening(PoolKind::bins, "nowhere")), Errc::not_found);
  PoolOpening wrong = opening();
  wrong.output = wrong.input;
  EXPECT_EQ(refused(wrong), Errc::not_found);
  wrong = opening();
  wrong.input.symbol = Symbol("NOPE");
  EXPECT_EQ(refused(wrong), Errc::not_found);
  for (const PoolKind kind : kinds) {
    wrong = opening(kind);
    for (const Decimal price : {Decimal{1, 18}, Decimal{~Units{0}, 0}}) {
      wrong.price = price;
      EXPECT_EQ(refused(wrong), Errc::invalid) << to_string(kind) << " " << to_text(price);
    }
  }
  const auto after = fixture.exchange->audit();
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(after->digest, before->digest);
}

// Ticks take several times what the pool began with.
TEST(OpenPool, AReserveBeyond64BitsIsRefusedAndTheExchangeGoesOn) {
  PaperFixture fixture(instant_options(), 7, registry());
  const auto control = fixture.exchange->control(fixture.loop());
  PoolOpening deep = opening(PoolKind::ticks);
  deep.price = Decimal{1, 0};
  deep.liquidity = Units{1} << 62;
  ASSERT_TRUE(fixture.run(control->open_pool(deep)).ok());
  const auto report = fixture.run(fixture.raydium().submit(sell(1, (Units{1} << 62) / 10 * 33)));
  EXPECT_EQ(to_string(report->status), "rejected");
  EXPECT_EQ(report->refusal, ErrorClass::no_liquidity);
  MarketMove move;
  move.input = newt();
  move.output = test::token("USDC");
  move.price = Decimal{4, 2};
  EXPECT_EQ(fixture.run(control->move_market(move)).error().code, Errc::full);
  EXPECT_EQ(to_string(fixture.run(fixture.raydium().submit(sell(2)))->status), "settled");
  EXPECT_TRUE(fixture.exchange->audit().ok());
}

TEST(OpenPool, TheirNumberHasAMaximum) {
  PaperFixture fixture(instant_options(), 7, registry());
  const auto control = fixture.exchange->control(fixture.loop());
  for (std::size_t i = 0; i < opened_pools_max; ++i)
    ASSERT_TRUE(fixture.run(control->open_pool(opening())).ok()) << i;
  const auto over = fixture.run(control->open_pool(opening()));
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code, Errc::full);
  EXPECT_EQ(over.error().detail, "the venues have opened 256 pools, which is the maximum");
  fixture.exchange->stop();
  EXPECT_EQ(fixture.run(control->open_pool(opening())).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace oee::paper
