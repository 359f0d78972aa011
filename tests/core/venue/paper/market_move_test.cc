// Prices moved by hand: the exact trade, the ledger, and the walk that goes on from there.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/venue/paper/exchange.h"
#include "core/venue/paper/ledger/codec.h"
#include "core/venue/paper/settlement.h"
#include "tests/support/paper_fixture.h"
#include "tests/support/process/servers.h"

namespace oee::paper {
namespace {

using test::DiskFixture;
using test::instant_options;
using test::PaperFixture;
using test::quote_request;
using test::sol_order;

constexpr Micros second{1'000'000};

MarketMove sol_usdc(Units price_cents, std::optional<VenueName> venue = {}) {
  MarketMove move;
  move.input = test::token("SOL");
  move.output = test::token("USDC");
  move.price = Decimal{price_cents, 2};
  move.venue = venue;
  return move;
}

// The distance of two prices in millionths of the second.
std::uint64_t apart_ppm(Decimal price, Decimal other) {
  const auto scaled = [](Decimal value) {
    U128 units = value.units;
    for (int i = value.scale; i < decimal_scale_max; ++i) units *= 10;
    return units;
  };
  const U128 one = scaled(price);
  const U128 two = scaled(other);
  return static_cast<std::uint64_t>((one > two ? one - two : two - one) * 1'000'000 / two);
}

RC_GTEST_PROP(SwapDownTo, IsTheSmallestSwapThatReachesThePrice, ()) {
  PoolReserves pool;
  pool.a = *rc::gen::inRange<Units>(1'000'000'000, 1'000'000'000'000'000);
  pool.b = *rc::gen::inRange<Units>(1'000'000'000, 1'000'000'000'000'000);
  const auto fee = *rc::gen::inRange<std::uint32_t>(0, 10'000);
  const bool sells_a = *rc::gen::arbitrary<bool>();
  const auto out = *rc::gen::inRange<Units>(1, 1'000'000'000);
  const auto in = *rc::gen::inRange<Units>(1, 1'000'000'000);
  const Units reserve_in = sells_a ? pool.a : pool.b;
  const Units reserve_out = sells_a ? pool.b : pool.a;
  const auto at_or_below = [&](Units left, Units held) {
    return U128(left) * in <= U128(held) * out;
  };
  const auto trade = swap_down_to(pool, fee, sells_a, out, in);
  if (at_or_below(reserve_out, reserve_in)) {
    RC_ASSERT(trade.ok() && trade->amount_in == 0);
    return;
  }
  if (!trade) return;  // out of the pool's reach
  if (trade->amount_in == 0) return;
  const auto swap = swap_exact_in(reserve_in, reserve_out, fee, trade->amount_in);
  RC_ASSERT(swap->amount_out == trade->swap.amount_out);
  RC_ASSERT(reserve_out - swap->amount_out >= reserve_min);
  RC_ASSERT(at_or_below(reserve_out - swap->amount_out, reserve_in + trade->amount_in));
  const auto less = swap_exact_in(reserve_in, reserve_out, fee, trade->amount_in - 1);
  const Units kept = reserve_out - (less ? less->amount_out : 0);
  RC_ASSERT(!at_or_below(kept, reserve_in + trade->amount_in - 1));
}

TEST(MarketMove, EveryVenueReachesThePriceInBothDirectionsAndQuotesFollow) {
  PaperFixture fixture(instant_options());
  const auto control = fixture.exchange->control(fixture.loop());
  for (const Units cents : {12'000ULL, 45'050ULL, 1ULL, 15'000ULL, 15'000ULL}) {
    const auto moved = fixture.run(control->move_market(sol_usdc(cents)));
    ASSERT_TRUE(moved.ok()) << moved.error().detail;
    ASSERT_EQ(moved->size(), 2U);
    EXPECT_EQ((*moved)[0].venue.view(), "raydium");
    EXPECT_EQ((*moved)[1].venue.view(), "meteora");
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_LE(apart_ppm((*moved)[i].price, Decimal{cents, 2}), 1U) << to_text((*moved)[i].price);
      const auto quote =
          fixture.run(fixture.venues[i]->quote(quote_request("SOL", "USDC", 1'000'000'000)));
      ASSERT_TRUE(quote.ok()) << quote.error().detail;
      // Less the fee of 0.2 or 0.3 %; cents are 10^4 of its units.
      EXPECT_LT(quote->amount_out, cents * 10'000);
      EXPECT_GT(quote->amount_out, cents * 10'000 / 1'000 * 996);
    }
  }
  const auto audit = fixture.exchange->audit();
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_GE(audit->arbitrage_trades, 8U);
  EXPECT_EQ(audit->settlements, 0U);
}

TEST(MarketMove, OneVenueMovesAloneAndItsPriceIsPublished) {
  PaperFixture fixture(instant_options());
  const auto control = fixture.exchange->control(fixture.loop());
  std::vector<PoolPrice> raydium;
  std::vector<PoolPrice> meteora;
  const auto into = [](std::vector<PoolPrice>& last) {
    return
        [&last](std::span<const PoolPrice> prices) { last.assign(prices.begin(), prices.end()); };
  };
  fixture.raydium().prices_to(into(raydium));
  fixture.meteora().prices_to(into(meteora));
  fixture.settle_down();
  raydium.clear();
  meteora.clear();
  const auto moved = fixture.run(control->move_market(sol_usdc(9'000, VenueName("meteora"))));
  ASSERT_TRUE(moved.ok());
  ASSERT_EQ(moved->size(), 1U);
  fixture.settle_down();
  EXPECT_TRUE(raydium.empty());
  ASSERT_EQ(meteora.size(), 1U);
  EXPECT_LE(
      apart_ppm(decimal_price(meteora[0].sell_a, meteora[0].a, meteora[0].b), Decimal{9'000, 2}),
      1U);
  fixture.raydium().prices_to({});
  fixture.meteora().prices_to({});
}

TEST(MarketMove, TheWalkGoesOnFromTheNewPrice) {
  PaperFixture fixture(instant_options());
  const auto control = fixture.exchange->control(fixture.loop());
  ASSERT_TRUE(fixture.run(control->move_market(sol_usdc(7'500))).ok());
  Units least = ~Units{0};
  Units most = 0;
  for (int minute = 0; minute < 60; ++minute) {
    fixture.advance(60 * second);
    const auto quote =
        fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000'000)));
    least = std::min(least, quote->amount_out);
    most = std::max(most, quote->amount_out);
    ASSERT_TRUE(
        fixture.run(fixture.raydium().submit(sol_order(static_cast<std::uint64_t>(minute)))).ok());
  }
  EXPECT_GT(least, 70'000'000U) << "within the walk's few per cent of 75, not back at 150";
  EXPECT_LT(most, 80'000'000U);
  EXPECT_NE(least, most) << "it still walks";
  const auto audit = fixture.exchange->audit();
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
}

TEST(MarketMove, AnUnreachablePriceMovesNothing) {
  PaperFixture fixture(instant_options());
  const auto control = fixture.exchange->control(fixture.loop());
  const auto before = fixture.exchange->audit();
  MarketMove far = sol_usdc(1);
  for (const Decimal price : {Decimal{~Units{0}, 0}, Decimal{1, 18}}) {
    far.price = price;
    const auto moved = fixture.run(control->move_market(far));
    ASSERT_FALSE(moved.ok()) << to_text(price);
    EXPECT_EQ(moved.error().code, Errc::full) << moved.error().detail;
  }
  const auto unknown = fixture.run(control->move_market(sol_usdc(100, VenueName("nowhere"))));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, Errc::invalid);
  const auto after = fixture.exchange->audit();
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(after->digest, before->digest);
}

TEST(MarketMove, APriceMovedByHandIsThereAfterARestart) {
  test::TemporaryDirectory dir;
  ExchangeOptions options = instant_options();
  options.dir = dir.path();
  options.seed = 0;
  Units before = 0;
  {
    DiskFixture fixture(options);
    const auto control = fixture.exchange->control(fixture.loop());
    ASSERT_TRUE(fixture.run(control->move_market(sol_usdc(6'200))).ok());
    before = fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000'000)))
                 ->amount_out;
  }
  const auto audit = audit_ledger(dir.path());
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  DiskFixture fixture(options);
  const Units after =
      fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000'000)))->amount_out;
  EXPECT_NEAR(static_cast<double>(after), static_cast<double>(before), 62'000'000 * 0.06);
  const auto control = fixture.exchange->control(fixture.loop());
  fixture.exchange->stop();
  const auto late = fixture.run(control->move_market(sol_usdc(6'000)));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Errc::unavailable);
}

// --- Stored bytes --------------------------------------------------------------------------------

TEST(MarketMove, TheStoredBytesOfAReferenceAreFixed) {
  JournalEntry entry;
  entry.height = 0x0102;
  entry.body = ReferenceSet{3, 5, 7};
  const std::string bytes = encode_entry(entry);
  EXPECT_EQ(bytes, std::string("\x02\x07"
                               "\x02\x01\0\0\0\0\0\0"
                               "\x03\0"
                               "\x05\0\0\0\0\0\0\0"
                               "\x07\0\0\0\0\0\0\0",
                               28));
  const auto read = decode_entry(bytes);
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(std::get<ReferenceSet>(read->body).b, 7U);
  EXPECT_EQ(decode_entry("\x05" + bytes.substr(1)).error().code, Errc::unsupported);
  EXPECT_FALSE(decode_entry(bytes.substr(0, 27)).ok());

  PoolState pool;
  pool.venue = VenueName("raydium");
  pool.a = test::token("SOL");
  pool.b = test::token("USDC");
  pool.reserve_a = 11;
  pool.reserve_b = 13;
  const std::string plain = encode_pool(pool);
  EXPECT_TRUE(*decode_pool(plain) == pool);
  pool.reference_a = 5;
  pool.reference_b = 7;
  const std::string with = encode_pool(pool);
  EXPECT_EQ(with, plain + bytes.substr(12));
  EXPECT_TRUE(*decode_pool(with) == pool);
  EXPECT_FALSE(decode_pool(with.substr(0, with.size() - 1)).ok());
}

TEST(MarketMove, AReferenceOfNothingOrOfNoPoolIsCorrupt) {
  LedgerState state;
  JournalEntry entry;
  entry.body = ReferenceSet{0, 5, 7};
  EXPECT_EQ(state.apply(entry).error().code, Errc::corrupt);
  JournalEntry deposit;
  deposit.body = Deposit{VenueName("raydium"), test::token("SOL"), test::token("USDC"), 10, 10};
  ASSERT_TRUE(state.apply(deposit).ok());
  ASSERT_TRUE(state.apply(entry).ok());
  entry.body = ReferenceSet{0, 5, 0};
  EXPECT_EQ(state.apply(entry).error().code, Errc::corrupt);
  EXPECT_EQ(state.pools[0].reference_b, 7U);
}

}  // namespace
}  // namespace oee::paper
