#include "core/venue/pools/constant_product.h"

#include <gtest/gtest.h>

#include "core/venue/pools/pool_state.h"

namespace oee {
namespace {

struct Recorded {
  Units reserve_in;
  Units reserve_out;
  Units amount_in;
  Units amount_out;
};

// Swaps that the program CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C executed (in litesvm 1.5.0),
// trade fee 2,500 per million: the vaults' amounts less the unclaimed fees, the input, the output.
constexpr Recorded recorded[] = {
    {7499849097049, 50001008157902, 893300349, 5939980890},
    {7492551975666, 50049832562069, 63, 414},
    {7499459762419, 50003828231846, 250284, 1664633},
    {7434582530484, 50441102730890, 811023, 5488754},
    {7330898929018, 51156011743177, 6171617148, 42922674828},
    {7229166911111, 51877599425363, 37, 258},
    {7150116949357, 52452528633281, 20, 139},
    {7136470980125, 52553226324247, 940697, 6910005},
    {7136471655932, 52553221366249, 8260646267, 60609620671},
    {7113396428313, 52724314392318, 5947496642, 43935845091},
    {7062177896601, 53107689013811, 10, 67},
    {7000407229248, 53577365529468, 428861, 3274059},
    {6886906697998, 54462212972044, 481040, 3794589},
    {6841167367744, 54827108240506, 6654426315, 53145619079},
    {6847818702772, 54773966082065, 73, 575},
    {6723392202073, 55789971167433, 93, 763},
    {6637449997109, 56514097753393, 101238, 859821},
    {6622398223990, 56642816714155, 5954034499, 50753323590},
    {6624910704833, 56621503731994, 3826043382, 32599733373},
    {6564164621978, 57146731556847, 53, 452},
    {6566506105911, 57126397004779, 61672, 535177},
    {6551877528372, 57254213513227, 516226, 4499808},
    {6474961687855, 57935766139879, 2407250635, 21477451046},
    {6388300020659, 58723450269304, 81, 735},
};

TEST(ConstantProductPool, SwapsAsTheProgramDid) {
  for (const Recorded& row : recorded) {
    ConstantProductPool pool{row.reserve_out, row.reserve_in, 2'500};
    const auto swap = trade_exact_in(pool, Direction::b_to_a, row.amount_in);
    ASSERT_TRUE(swap.ok());
    EXPECT_EQ(swap->amount_out, row.amount_out);
    EXPECT_EQ(pool, (ConstantProductPool{row.reserve_out - row.amount_out,
                                         row.reserve_in + row.amount_in, 2'500}));
  }
}

// The program's swap_base_output, of the same pools: reserves, output, input.
TEST(ConstantProductPool, ExactOutputTakesTheProgramsInput) {
  // in' = ceil(out * X / (Y - out)), in = ceil(in' * 10^6 / 997,500)
  const PoolState pool = ConstantProductPool{7'492'551'975'729, 50'049'832'561'655, 2'500};
  const auto swap = swap_exact_out(pool, Direction::a_to_b, 46'013'335'953);
  ASSERT_TRUE(swap.ok());
  EXPECT_EQ(swap->amount_in, 6'911'899'331u);
  EXPECT_EQ(swap->amount_out, 46'013'335'953u);
}

TEST(ConstantProductPool, TheWholeReserveCannotBeBought) {
  const PoolState pool = ConstantProductPool{1'000, 1'000, 2'500};
  const auto all = swap_exact_out(pool, Direction::a_to_b, 1'000);
  ASSERT_FALSE(all.ok());
  EXPECT_EQ(all.error().code, Errc::full);
  EXPECT_EQ(all.error().detail,
            "too little liquidity: the pool can trade 999 of 1000 units of output");
  EXPECT_EQ(swap_exact_out(ConstantProductPool{0, 0, 0}, Direction::a_to_b, 1).error().detail,
            "the pool is empty");
}

}  // namespace
}  // namespace oee
