#include "core/venue/paper/price_walk.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace oee::paper {
namespace {

constexpr WallTime begin{std::chrono::seconds(1'780'000'000)};
constexpr const char* symbols[] = {"SOL", "USDC", "USDT", "BONK", "JUP", "RAY", "ETH"};

std::vector<std::uint64_t> pairs(const PriceWalk& walk) {
  std::vector<std::uint64_t> seeds;
  for (const char* a : symbols) {
    for (const char* b : symbols) {
      if (a < b) seeds.push_back(walk.pair_seed(a, b));
    }
  }
  return seeds;
}

TEST(PriceWalk, NoPriceMovesFasterThanTheDriftAllows) {
  for (const std::uint32_t drift_bps : {1u, 5u, 20u, 100u}) {
    const PriceWalk walk(3, drift_bps);
    std::int64_t fastest = 0;
    for (const std::uint64_t pair : pairs(walk)) {
      for (std::size_t venue = 0; venue < 2; ++venue) {
        std::int64_t last = walk.factor_ppm(pair, venue, 2, 0, begin);
        for (int second = 1; second <= 3'600; ++second) {
          const auto at = begin + std::chrono::seconds(second);
          const std::int64_t next = walk.factor_ppm(pair, venue, 2, 0, at);
          fastest = std::max(fastest, std::abs(next - last) * 1'000'000 / last);
          last = next;
        }
      }
    }
    // In ppm; 3 ppm are the rounding at both ends.
    EXPECT_LE(fastest, std::int64_t{drift_bps} * 100 + 3) << drift_bps << " bps/s";
    EXPECT_GE(fastest, std::int64_t{drift_bps} * 50) << "the prices do drift";
  }
}

TEST(PriceWalk, VenuesDifferByTwoToFivePerCentAndTakeTurns) {
  const PriceWalk walk(3, 20);
  int samples = 0;
  int apart = 0;
  int first_better = 0;
  for (const std::uint64_t pair : pairs(walk)) {
    bool was_better = false;
    bool was_worse = false;
    for (int second = 0; second < 3'600; second += 5) {
      const auto at = begin + std::chrono::seconds(second);
      const std::int64_t spread = walk.spread_ppm(pair, at);
      ++samples;
      if (std::abs(spread) >= 23'000) ++apart;
      if (spread > 0) ++first_better;
      was_better = was_better || spread > 23'000;
      was_worse = was_worse || spread < -23'000;
      EXPECT_LE(std::abs(spread), 47'000);
    }
    EXPECT_TRUE(was_better && was_worse) << "within an hour both venues have been the better one";
  }
  EXPECT_GE(apart * 100, samples * 92) << "crossings are short";
  EXPECT_GE(first_better * 100, samples * 30);
  EXPECT_LE(first_better * 100, samples * 70);
}

TEST(PriceWalk, EqualSeedsGiveEqualPricesAndOthersDoNot) {
  const PriceWalk one(3, 20);
  const PriceWalk same(3, 20);
  const PriceWalk other(4, 20);
  std::set<std::int64_t> seen;
  int different = 0;
  for (int minute = 0; minute < 100; ++minute) {
    const auto at = begin + std::chrono::minutes(minute);
    const auto pair = one.pair_seed("SOL", "USDC");
    EXPECT_EQ(one.factor_ppm(pair, 0, 2, 0, at),
              same.factor_ppm(same.pair_seed("SOL", "USDC"), 0, 2, 0, at));
    seen.insert(one.factor_ppm(pair, 0, 2, 0, at));
    if (one.factor_ppm(pair, 0, 2, 0, at) !=
        other.factor_ppm(other.pair_seed("SOL", "USDC"), 0, 2, 0, at)) {
      ++different;
    }
  }
  EXPECT_GT(seen.size(), 90u);
  EXPECT_GT(different, 90);
}

TEST(PriceWalk, WithoutDriftPricesAreConstantAndVenuesStillDiffer) {
  const PriceWalk walk(3, 0);
  const auto pair = walk.pair_seed("SOL", "USDC");
  for (int hour = 0; hour < 48; ++hour) {
    const auto at = begin + std::chrono::hours(hour);
    EXPECT_EQ(walk.factor_ppm(pair, 0, 2, 0, at), walk.factor_ppm(pair, 0, 2, 0, begin));
  }
  EXPECT_GE(std::abs(walk.spread_ppm(pair, begin)), 23'000);
}

TEST(PriceWalk, ALoneVenueFollowsItsOffsetOnly) {
  const PriceWalk walk(3, 0);
  EXPECT_EQ(walk.factor_ppm(walk.pair_seed("SOL", "USDC"), 0, 1, 150, begin), 1'015'000);
}

}  // namespace
}  // namespace oee::paper
