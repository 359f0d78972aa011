#include "core/exec/price_index.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>

namespace oee {
namespace {

const Pair sol_usdc{"SOL", "USDC"};

OrderId id_of(std::uint32_t number) {
  OrderId id;
  for (unsigned i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}
IndexPrice price(Units units, std::uint8_t scale) {
  return index_price({units, scale});
}

TEST(PriceIndex, GivesTheOrdersWhosePriceHasComeLowestFirst) {
  PriceIndex index;
  index.put(id_of(1), sol_usdc, price(150, 0));
  index.put(id_of(2), sol_usdc, price(1495, 1));
  index.put(id_of(3), sol_usdc, price(151, 0));
  index.put(id_of(4), {"USDC", "SOL"}, price(1, 2));
  std::vector<OrderId> orders;
  index.take(sol_usdc, price(14949, 2), orders);
  EXPECT_TRUE(orders.empty());
  index.take(sol_usdc, price(150, 0), orders);
  EXPECT_EQ(orders, (std::vector{id_of(2), id_of(1)}));
  EXPECT_EQ(index.size(), 2U);
}

TEST(PriceIndex, AnOrderHasOnePrice) {
  PriceIndex index;
  index.put(id_of(1), sol_usdc, price(150, 0));
  index.put(id_of(1), sol_usdc, price(160, 0));
  std::vector<OrderId> orders;
  index.take(sol_usdc, price(155, 0), orders);
  EXPECT_TRUE(orders.empty());
  EXPECT_TRUE(index.erase(id_of(1)));
  EXPECT_FALSE(index.erase(id_of(1)));
  index.take(sol_usdc, price(999, 0), orders);
  EXPECT_TRUE(orders.empty());
}

// Against a constant-product pool: the price that is computed never exceeds the one at which the
// order can act.
TEST(PriceIndex, AnOrderIsLookedAtNoLaterThanItCanAct) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const double k = 1e6 * (1 + static_cast<double>(random() % 1'000'000));
    const double amount = 1 + static_cast<double>(random() % 10'000);
    const double spot = 0.01 * (1 + static_cast<double>(random() % 100'000));
    const auto average = [&](double p) {
      const double x = std::sqrt(k / p);
      return 0.997 * p * x / (x + amount * 0.997);
    };
    const double now = average(spot);
    const double limit = now * (1 + 1e-4 * static_cast<double>(1 + random() % 20'000));
    // The spot price at which the average reaches the limit.
    double low = spot;
    double high = spot * 1e6;
    for (int step = 0; step < 200; ++step) {
      const double middle = (low + high) / 2;
      (average(middle) < limit ? low : high) = middle;
    }
    const auto exact = [](double value) {
      return index_price({static_cast<Units>(value * 1e9), 9});
    };
    const IndexPrice at = act_at(exact(limit), exact(now), exact(spot));
    EXPECT_GT(at, exact(spot));
    EXPECT_LE(at, std::max(exact(high * (1 + 1e-6)), exact(limit)));
  }
}

TEST(PriceIndex, HoldsExtremePrices) {
  const IndexPrice most = index_price({~Units{0}, 0});
  EXPECT_GT(act_at(most, 1, most / 2), most / 2);
  EXPECT_EQ(act_at(most, most - 1, 0), most);
  EXPECT_EQ(act_at(5, 0, 7), 8);
  EXPECT_GT(act_at(most, most - 1, most - 1), most - 1);
}

TEST(PriceIndex, APriceThatNoOrderHasReachedCostsNothingForEachOrder) {
  PriceIndex index;
  for (std::uint32_t i = 0; i < 1'000'000; ++i)
    index.put(id_of(i), sol_usdc, price(1'000'000 + i, 4));
  std::vector<OrderId> orders;
  const auto began = std::chrono::steady_clock::now();
  constexpr int ticks = 100'000;
  for (int i = 0; i < ticks; ++i) index.take(sol_usdc, price(99, 0), orders);
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
  EXPECT_TRUE(orders.empty());
  EXPECT_LT(took.count() / ticks, 10.0) << "microseconds a tick";
}

}  // namespace
}  // namespace oee
