#include "core/venue/pools/ticks.h"

#include <gtest/gtest.h>

#include "core/venue/pools/pool_state.h"
#include "core/venue/pools/tick_math.h"

namespace oee {
namespace {

U128 q64(std::uint64_t high, std::uint64_t low) {
  return U128(high) << 64 | low;
}

TEST(TickMath, SquareRootsAreThoseOfTheProgram) {
  EXPECT_EQ(sqrt_price_at(-tick_max), sqrt_price_min);  // the program's MIN_SQRT_PRICE_X64
  EXPECT_EQ(sqrt_price_at(tick_max), sqrt_price_max);   // and MAX_SQRT_PRICE_X64
  EXPECT_EQ(sqrt_price_at(0), q64(1, 0));
  EXPECT_EQ(sqrt_price_at(1), q64(1, 922314146405474));
  EXPECT_EQ(sqrt_price_at(-1), U128(18'445'821'805'675'395'072u));
  EXPECT_EQ(sqrt_price_at(-28'861), U128(4'357'550'247'590'852'500));
  EXPECT_EQ(sqrt_price_at(28'861), q64(4, 4303314714214297938));
}

TEST(TickMath, ATickHoldsFromItsPriceToTheNext) {
  for (const std::int32_t tick : {-443'636, -28'861, -1, 0, 1, 28'861, 443'635}) {
    EXPECT_EQ(tick_at(sqrt_price_at(tick)), tick);
    EXPECT_EQ(tick_at(sqrt_price_at(tick + 1) - 1), tick);
  }
  EXPECT_EQ(tick_at(sqrt_price_max - 1), tick_max - 1);
}

// The pool of raydium-clmm's own tests (instructions/swap.rs, cross_tick_array_test).
TickPool published_pool(std::int32_t tick, U128 sqrt_price) {
  return {sqrt_price,
          tick,
          5'124'165'121'219,
          1'000,
          {{-32'640, -1'492'054'447'712},
           {-32'580, 128'451'145'459},
           {-32'520, 790'917'615'645},
           {-32'460, 536'061'033'698},
           {-32'400, -277'065'331'032},
           {-29'220, -1'330'680'689},
           {-28'860, -6'408'486'554}}};
}
TickPool published_pool() {
  return published_pool(-32'395, 3'651'942'632'306'380'802);
}

TEST(TickPool, CrossesTicksAsThePublishedTestsDo) {
  TickPool pool = published_pool();
  const U128 price = pool.sqrt_price;
  ASSERT_TRUE(trade_exact_in(pool, Direction::a_to_b, 12'188'240'002).ok());
  EXPECT_GT(pool.tick, -32'460);
  EXPECT_LT(pool.tick, -32'400);
  EXPECT_LT(pool.sqrt_price, price);
  EXPECT_EQ(pool.liquidity, U128(5'124'165'121'219 + 277'065'331'032));

  ASSERT_TRUE(trade_exact_in(pool, Direction::a_to_b, 121'882'400'020).ok());
  EXPECT_GT(pool.tick, -32'520);
  EXPECT_LT(pool.tick, -32'460);
  EXPECT_EQ(pool.liquidity, U128(5'401'230'452'251 - 536'061'033'698));

  ASSERT_TRUE(trade_exact_in(pool, Direction::a_to_b, 60'941'200'010).ok());
  EXPECT_GT(pool.tick, -32'580);
  EXPECT_LT(pool.tick, -32'520);
  EXPECT_EQ(pool.liquidity, U128(4'865'169'418'553 - 790'917'615'645));
}

struct Golden {
  Direction direction;
  Units amount_in;
  Units amount_out;
  Units fee;
  std::uint64_t sqrt_price;
  std::int32_t tick;
};

// Swaps of the published pool, computed with fractions of unbounded integers by the program's
// formulas.
constexpr Golden golden[] = {
    {Direction::a_to_b, 1'000, 39, 1, 3'651'942'632'165'429'030, -32'395},
    {Direction::a_to_b, 12'188'240'002, 476'993'227, 12'188'241, 3'650'259'174'965'284'424,
     -32'404},
    {Direction::a_to_b, 134'070'640'022, 5'223'271'727, 134'070'641, 3'633'399'485'599'358'815,
     -32'497},
    {Direction::a_to_b, 195'011'840'032, 7'579'078'981, 195'011'841, 3'623'578'805'266'382'246,
     -32'551},
    {Direction::a_to_b, 200'000'000'000, 7'771'316'214, 200'000'001, 3'622'708'424'343'073'854,
     -32'555},
    {Direction::b_to_a, 887'470'480, 22'601'203'461, 887'471, 3'655'134'287'821'032'075, -32'377},
    {Direction::b_to_a, 1'000, 25'489, 1, 3'651'942'635'902'731'991, -32'395},
    {Direction::b_to_a, 2, 25, 1, 3'651'942'632'309'980'753, -32'395},
    {Direction::b_to_a, 10'000'000'000, 252'406'844'029, 10'000'000, 3'687'906'144'202'835'633,
     -32'199},
};

TEST(TickPool, SwapsToTheUnit) {
  for (const Golden& row : golden) {
    SCOPED_TRACE(row.amount_in);
    TickPool pool = published_pool();
    const auto swap = trade_exact_in(pool, row.direction, row.amount_in);
    ASSERT_TRUE(swap.ok()) << swap.error().detail;
    EXPECT_EQ(*swap, (PoolSwap{row.amount_in, row.amount_out, row.fee}));
    EXPECT_EQ(pool.sqrt_price, U128(row.sqrt_price));
    EXPECT_EQ(pool.tick, row.tick);
    EXPECT_EQ(TickCurve(published_pool(), row.direction).out(row.amount_in), row.amount_out);
  }
}

TEST(TickPool, TheLastTickEndsTheLiquidity) {
  TickPool pool = published_pool();
  const TickPool before = pool;
  const TickCurve curve(pool, Direction::b_to_a);
  const Units most = curve.capacity();
  const auto swap = trade_exact_in(pool, Direction::b_to_a, most + 1);
  ASSERT_FALSE(swap.ok());
  EXPECT_EQ(swap.error().code, Errc::full);
  EXPECT_EQ(swap.error().detail, "too little liquidity: the pool can trade " +
                                     std::to_string(most) + " of " + std::to_string(most + 1) +
                                     " units of input");
  EXPECT_EQ(pool, before);
  EXPECT_TRUE(trade_exact_in(pool, Direction::b_to_a, most).ok());
  EXPECT_EQ(trade_exact_in(pool, Direction::b_to_a, 1).error().code, Errc::full);
}

TEST(TickPool, LiquidityBeyondSixtyFourBitsIsRefusedNotWrapped) {
  const U128 much = U128(1) << 100;
  TickPool pool{q64(1, 0),
                0,
                much,
                100,
                {{-400'000, static_cast<I128>(much)}, {400'000, -static_cast<I128>(much)}}};
  const TickCurve curve(pool, Direction::a_to_b);
  EXPECT_EQ(curve.capacity(), ~Units{0});
  const auto swap = trade_exact_in(pool, Direction::a_to_b, ~Units{0});
  ASSERT_TRUE(swap.ok());
  EXPECT_EQ(swap->amount_out, curve.out(~Units{0}));
  EXPECT_LT(swap->amount_out, ~Units{0});
}

}  // namespace
}  // namespace oee
