#include "core/venue/pools/bins.h"

#include <gtest/gtest.h>

#include "core/venue/pools/pool_state.h"

namespace oee {
namespace {

struct Recorded {
  std::int32_t active_id;
  BinVolatility volatility;
  std::int64_t time;
  std::vector<Bin> bins;  // those that the swap met
  Units amount_in;
  Units amount_out;
  Units fee;
};

constexpr BinFees recorded_fees{20'000, 0, 10, 120, 5'000, 50'000, 150'000};

// Swaps of X for Y that the program LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo executed (in
// litesvm 1.5.0) in one pool of step 10. The accounts before each swap are recorded; the fee
// follows from them.
const Recorded recorded[] = {
    {-1898, {0, 0, -1898, 0}, 1795376014, {{-1898, 0, 214285714285}}, 53, 7, 1},
    {-1897,
     {10000, 0, -1898, 1795376014},
     1795376015,
     {{-1898, 0, 214285714286}, {-1897, 1494970026646, 511}},
     2966579,
     444127,
     5934},
    {-1897,
     {10000, 0, -1898, 1795376015},
     1795376015,
     {{-1898, 0, 214285714287}, {-1897, 1494969837836, 28863}},
     9516772933,
     1424758319,
     19033548},
    {-1898,
     {0, 0, -1898, 1795376015},
     1795376016,
     {{-1898, 5983465536, 213388133107}},
     639431789005,
     95729481958,
     1278863579},
    {-1897,
     {10000, 0, -1898, 1795376016},
     1795376016,
     {{-1897, 763485993748, 109839835643}},
     337,
     50,
     1},
    {-1897,
     {10000, 0, -1898, 1795376016},
     1795376017,
     {{-1897, 763485988257, 109839836468}},
     3297654,
     494183,
     6612},
    {-1897,
     {10000, 0, -1898, 1795376016},
     1795376018,
     {{-1897, 763487266037, 109839644597}},
     8332818508,
     1248749450,
     16707302},
    {-1897,
     {10000, 0, -1898, 1795376016},
     1795376018,
     {{-1897, 766025840898, 109458451527}},
     194589624897,
     29161043993,
     390152198},
    {-1896,
     {20000, 0, -1898, 1795376019},
     1795376019,
     {{-1896, 291194656379, 180715501448}},
     305,
     45,
     1},
    {-1896,
     {20000, 0, -1898, 1795376019},
     1795376019,
     {{-1896, 291194650949, 180715502265}},
     3198937,
     479862,
     6462},
    {-1896,
     {20000, 0, -1898, 1795376019},
     1795376020,
     {{-1896, 291193080069, 180715738385}},
     4607988092,
     691229532,
     9308136},
    {-1896,
     {20000, 0, -1898, 1795376019},
     1795376021,
     {{-1898, 0, 214285714288}, {-1897, 0, 224485093651}, {-1896, 289687857928, 180941988964}},
     3149417708094,
     472080918326,
     6330449791},
    {-1896,
     {20000, 0, -1898, 1795376021},
     1795376021,
     {{-1896, 693023046886, 120316505790}},
     674,
     101,
     2},
    {-1896,
     {20000, 0, -1898, 1795376021},
     1795376022,
     {{-1896, 693023045815, 120316505951}},
     5670470,
     850608,
     11455},
    {-1896,
     {20000, 0, -1898, 1795376021},
     1795376022,
     {{-1896, 693022387624, 120316604885}},
     736191797,
     110433773,
     1487108},
    {-1896,
     {20000, 0, -1898, 1795376021},
     1795376023,
     {{-1897, 0, 224485093652}, {-1896, 692480752808, 120398018244}},
     1008200193525,
     151206536478,
     2033480646},
    {-1895,
     {30000, 0, -1898, 1795376023},
     1795376024,
     {{-1895, 1183818496276, 46366893545}},
     398,
     59,
     1},
    {-1895,
     {30000, 0, -1898, 1795376023},
     1795376024,
     {{-1895, 1183818492852, 46366894061}},
     7175219,
     1077380,
     14674},
    {-1895,
     {30000, 0, -1898, 1795376023},
     1795376025,
     {{-1895, 1183823206985, 46366184770}},
     4686949990,
     703759798,
     9584813},
    {-1895,
     {30000, 0, -1898, 1795376023},
     1795376025,
     {{-1896, 0, 224485093653}, {-1895, 1188476373437, 45666065930}},
     1393537973240,
     209084645063,
     2822549960},
};

BinPool pool_before(const Recorded& row) {
  return {10, row.active_id, recorded_fees, row.volatility, row.time, row.bins};
}

TEST(BinPool, SwapsAsTheProgramDid) {
  for (const Recorded& row : recorded) {
    SCOPED_TRACE(row.amount_in);
    BinPool pool = pool_before(row);
    const auto swap = trade_exact_in(pool, Direction::a_to_b, row.amount_in);
    ASSERT_TRUE(swap.ok()) << swap.error().detail;
    EXPECT_EQ(*swap, (PoolSwap{row.amount_in, row.amount_out, row.fee}));
    EXPECT_EQ(BinCurve(pool_before(row), Direction::a_to_b).out(row.amount_in), row.amount_out);
  }
}

TEST(BinPool, ASwapMovesTheBinsAndTheVolatility) {
  // The twelfth swap empties the active bin and ends two bins below it.
  const Recorded& row = recorded[11];
  BinPool pool = pool_before(row);
  ASSERT_TRUE(trade_exact_in(pool, Direction::a_to_b, row.amount_in).ok());
  EXPECT_EQ(pool.active_id, -1898);
  EXPECT_EQ(pool.volatility, (BinVolatility{0, 0, -1898, row.time}));
  Units x = 0;
  Units y = 0;
  for (std::size_t i = 0; i < pool.bins.size(); ++i) {
    x += pool.bins[i].amount_a - row.bins[i].amount_a;
    y += row.bins[i].amount_b - pool.bins[i].amount_b;
  }
  EXPECT_EQ(x, row.amount_in - row.fee);
  EXPECT_EQ(y, row.amount_out);
}

struct Golden {
  Direction direction;
  Units amount_in;
  Units amount_out;
  Units fee;
  std::int32_t active_id;
};

// Computed with fractions of unbounded integers by the program's formulas: both directions, a gap
// between the bins, a reference that decays.
constexpr Golden golden[] = {
    {Direction::b_to_a, 1'000, 991, 3, 6},
    {Direction::b_to_a, 1'234'567'890, 1'224'718'160, 2'483'025, 6},
    {Direction::b_to_a, 5'000'000'000, 4'958'111'202, 10'095'769, 7},
    {Direction::b_to_a, 12'000'000'000, 11'881'968'107, 24'766'243, 9},
    {Direction::a_to_b, 9'000'000'000, 9'030'793'334, 18'201'569, 5},
};

TEST(BinPool, SwapsToTheUnitInBothDirections) {
  for (const Golden& row : golden) {
    SCOPED_TRACE(row.amount_in);
    BinPool pool{10,
                 6,
                 recorded_fees,
                 {30'000, 10'000, 4, 1'000},
                 1'050,
                 {{5, 0, 7'000'000'000},
                  {6, 3'000'000'000, 4'000'000'000},
                  {7, 2'500'000'001, 0},
                  {9, 9'999'999'999, 0}}};
    const auto swap = trade_exact_in(pool, row.direction, row.amount_in);
    ASSERT_TRUE(swap.ok()) << swap.error().detail;
    EXPECT_EQ(*swap, (PoolSwap{row.amount_in, row.amount_out, row.fee}));
    EXPECT_EQ(pool.active_id, row.active_id);
  }
}

TEST(BinPool, PricesArePowersOfTheStep) {
  EXPECT_EQ(bin_price(0, 10), U128(1) << 64);
  // The price that the recorded bin arrays store for bin -1898 at step 10.
  EXPECT_EQ(bin_price(-1898, 10), U128(2767200750216550409));
  EXPECT_EQ(bin_price(0x80000, 1), std::nullopt);
  EXPECT_EQ(bin_price(bin_id_max, 400), std::nullopt);  // the power rounds to zero
}

TEST(BinPool, TheVariableFeeGrowsWithTheDistanceAndDecays) {
  BinPool pool{25,
               0,
               {10'000, 0, 10, 120, 5'000, 40'000, 350'000},
               {60'000, 20'000, -3, 100},
               105,
               {{0, 1'000'000'000, 1'000'000'000}}};
  const auto fee = [&] {
    return swap_exact_in(PoolState(pool), Direction::a_to_b, 1'000'000)->fee;
  };
  // base 10^4*25*10 = 2,500,000; inside the filter period the references stay: (20,000 +
  // 3*10,000)*25 squared * 40,000 / 10^11 = 625,000.
  EXPECT_EQ(fee(), 3'125u);
  pool.time =
      150;  // decay: reference 60,000 / 2, no distance: (30,000*25)^2 * 40,000 / 10^11 = 225,000
  EXPECT_EQ(fee(), 2'725u);
  pool.time = 220;  // forgotten
  EXPECT_EQ(fee(), 2'500u);
  pool.fees.base_fee_power = 3;  // above the cap of 10 %
  EXPECT_EQ(fee(), 100'000u);
}

TEST(BinPool, TooLittleLiquidityIsNamedAndChangesNothing) {
  BinPool pool{10, 5, recorded_fees, {0, 0, 5, 0}, 1'000, {{5, 500, 700}, {6, 500, 0}}};
  const BinPool before = pool;
  const auto swap = trade_exact_in(pool, Direction::b_to_a, 5'000);
  ASSERT_FALSE(swap.ok());
  EXPECT_EQ(swap.error().code, Errc::full);
  EXPECT_EQ(swap.error().detail,
            "too little liquidity: the pool can trade 1011 of 5000 units of input");
  EXPECT_EQ(BinCurve(pool, Direction::b_to_a).capacity(), 1'011u);
  EXPECT_EQ(pool, before);
  EXPECT_EQ(trade_exact_in(pool, Direction::a_to_b, 1).error().detail, "the trade rounds to zero");
}

}  // namespace
}  // namespace oee
