// Quotes of a part of an order, whose whole would be paid less than its limit, and of exact
// outputs.
#include <gtest/gtest.h>

#include <random>

#include "core/venue/paper/market.h"

namespace oee::paper {
namespace {

class PartQuotes : public testing::Test {
 protected:
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
  Quote quote(Units amount_in, Units least_out = 0, Units part_min = 0) const {
    QuoteRequest request;
    request.amount_in = amount_in;
    request.least_out = least_out;
    request.part_min = part_min;
    const PoolState& pool = state_.pools[leg_.pool];
    const auto quote =
        market_.quote(leg_, PoolReserves{pool.reserve_a, pool.reserve_b}, request, now_);
    check(quote.ok(), "a quote");
    return *quote;
  }
  // Whether this part is paid its share of least_out for the whole.
  bool pays(Units part, Units whole, Units least_out) const {
    return U128{quote(part).amount_out} * whole >= U128{least_out} * part;
  }

  const LedgerState state_ = with_pools();
  const Market market_{TokenRegistry::defaults(), state_, PriceWalk(5, 20)};
  const Market::Leg leg_ = *market_.leg(0, Symbol("SOL"), Symbol("USDC"));
  const WallTime now_{std::chrono::seconds(1'780'000'000)};
};

constexpr Units sol = 1'000'000'000;

TEST_F(PartQuotes, TheWholeIsQuotedWhenItIsPaidOrNoPartIsAskedFor) {
  const Quote whole = quote(30'000 * sol);
  EXPECT_EQ(whole.amount_in, 30'000 * sol);
  EXPECT_EQ(quote(30'000 * sol, whole.amount_out, sol).amount_in, 30'000 * sol);
  const Quote below = quote(30'000 * sol, whole.amount_out + 1, 0);
  EXPECT_EQ(below.amount_in, 30'000 * sol);
  EXPECT_EQ(below.amount_out, whole.amount_out);
}

TEST_F(PartQuotes, ThePartPaysItsShareAndIsTheLargestThatDoes) {
  std::mt19937_64 random(20'261'123);
  int parts = 0;
  for (int i = 0; i < 300; ++i) {
    const Units whole = (1 + random() % 100'000) * sol + random() % sol;
    const Units part_min = whole / 100;
    // From the whole's output to 2 % above it: a larger trade has a worse price.
    const Units at_market = quote(whole).amount_out;
    const Units least = at_market + at_market * (random() % 200) / 10'000 + 1;
    const Quote part = quote(whole, least, part_min);
    if (part.amount_in == whole) {
      ASSERT_FALSE(pays(part_min, whole, least));
      continue;
    }
    ++parts;
    ASSERT_GE(part.amount_in, part_min);
    ASSERT_LE(part.amount_in, whole - part_min);
    ASSERT_EQ(part.amount_out, quote(part.amount_in).amount_out);
    ASSERT_TRUE(pays(part.amount_in, whole, least));
    // A part that is larger by the worth of some units of the output does not.
    const Units more = part.amount_in + part.amount_in / 100'000 + 100'000;
    ASSERT_TRUE(more >= whole - part_min || !pays(more, whole, least)) << part.amount_in;
  }
  EXPECT_GT(parts, 50);
}

// 1 unit of SOL is worth less than a unit of USDC: as a rest it could never be sold.
TEST_F(PartQuotes, ThePartLeavesNoRestBelowTheLeastPart) {
  const Units whole = 1'000 * sol;
  const Units part_min = 10 * sol;
  // Paid for 99.9 % of the order.
  const Units most = quote(whole - sol).amount_out;
  const auto share = static_cast<Units>(U128{most} * whole / (whole - sol));
  const Units least = std::max(quote(whole).amount_out + 1, share);
  const Quote part = quote(whole, least, part_min);
  ASSERT_TRUE(pays(whole - part_min, whole, least));
  EXPECT_EQ(part.amount_in, whole - part_min);
}

// --- Exact outputs -------------------------------------------------------------------------------

TEST_F(PartQuotes, AnExactOutputIsQuotedWithTheLeastInputThatYieldsIt) {
  std::mt19937_64 random(20'261'124);
  for (int i = 0; i < 300; ++i) {
    QuoteRequest request;
    request.amount_in = 1;  // does not count
    request.exact_out = 1 + random() % 1'000'000'000'000;
    const PoolState& pool = state_.pools[leg_.pool];
    const auto exact =
        market_.quote(leg_, PoolReserves{pool.reserve_a, pool.reserve_b}, request, now_);
    ASSERT_TRUE(exact.ok()) << exact.error().detail;
    const Quote same = quote(exact->amount_in);
    ASSERT_EQ(same.amount_out, exact->amount_out);
    ASSERT_EQ(same.fee, exact->fee);
    ASSERT_GE(exact->amount_out, request.exact_out);
    if (exact->amount_in > 1'000) {
      ASSERT_LT(quote(exact->amount_in - 1).amount_out, request.exact_out);
    }
  }
}

TEST_F(PartQuotes, AnExactOutputBeyondThePoolIsFull) {
  QuoteRequest request;
  const PoolState& pool = state_.pools[leg_.pool];
  const PoolReserves reserves{pool.reserve_a, pool.reserve_b};
  request.exact_out = leg_.sells_a ? pool.reserve_b : pool.reserve_a;
  const auto beyond = market_.quote(leg_, reserves, request, now_);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, Errc::full);
}

}  // namespace
}  // namespace oee::paper
