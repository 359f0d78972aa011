// The plans' refusals and edges. solana_vectors has the swaps that the programs have made.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/sha256.h"
#include "core/venue/solana/plans/amm_v4.h"
#include "core/venue/solana/plans/cp_swap.h"
#include "core/venue/solana/plans/damm_v2.h"
#include "core/venue/solana/plans/dlmm.h"

namespace oee::solana {
namespace {

std::string account_of(const char* kind, std::size_t size) {
  std::string bytes(size, '\0');
  const Hash256 hash = sha256({"account:", kind});
  bytes.replace(0, 8, as_bytes(hash).substr(0, 8));
  return bytes;
}
void put64(std::string& bytes, std::size_t at, std::uint64_t value) {
  store_le<std::uint64_t>(&bytes[at], value);
}

template <class Decode>
void expect_strict(Decode decode, const char* kind, std::size_t size) {
  std::string bytes = account_of(kind, size);
  EXPECT_TRUE(decode(bytes).ok() ||
              decode(bytes).error().detail.find("bin_step") != std::string::npos)
      << decode(bytes).error().detail;
  for (const std::size_t other : {std::size_t{0}, std::size_t{7}, size - 1, size + 1}) {
    std::string changed = bytes;
    changed.resize(other);
    EXPECT_FALSE(decode(changed).ok()) << kind << " " << other;
  }
  bytes[3] = static_cast<char>(bytes[3] ^ 1);
  EXPECT_FALSE(decode(bytes).ok()) << kind;
}

TEST(Plans, AccountsOfAnotherKindOrSizeAreRefused) {
  expect_strict(decode_cp_swap_pool, "PoolState", 637);
  expect_strict(decode_cp_swap_config, "AmmConfig", 236);
  expect_strict(decode_damm_v2_pool, "Pool", 1'112);
  expect_strict(decode_dlmm_pool, "LbPair", 904);
  expect_strict(decode_dlmm_bin_array, "BinArray", 10'136);
  EXPECT_FALSE(decode_token_account(std::string(164, '\0')).ok());
  EXPECT_TRUE(decode_token_account(std::string(170, '\0')).ok());
  std::string array = account_of("BinArray", 10'136);
  put64(array, 8, std::uint64_t{1} << 40);
  EXPECT_FALSE(decode_dlmm_bin_array(array).ok());
  std::string pool = account_of("PoolState", 637);
  pool[389] = 3;
  EXPECT_FALSE(decode_cp_swap_pool(pool).ok());
}

struct CpSwap : testing::Test {
  CpSwapPool pool;
  CpSwapConfig config{2'500, 500};
  std::array<Units, 2> vaults{1'000'000, 2'000'000};
  CpSwap() { pool.swaps_allowed = true; }
  Result<PlanQuote> ask(Units amount, Side sold = Side::first) {
    return quote(pool, config, vaults, sold, amount, 1'000);
  }
};

TEST_F(CpSwap, TheFeesOfTheCreatorAreRoundedAsTheProgramDoes) {
  // ceil(1,001 * 0.25 %) = 3; floor(998 * 2,000,000 / 1,000,998) = 1,994
  EXPECT_EQ(ask(1'001)->amount_out, 1'994u);
  pool.has_creator_fee = true;
  // One ceil of 0.3 %: 4. floor(997 * 2,000,000 / 1,000,997) = 1,992
  EXPECT_EQ(ask(1'001)->amount_out, 1'992u);
  pool.creator_fee_on = CpSwapPool::CreatorFeeOn::second_token;
  // 1,994 less ceil(1,994 * 0.05 %) = 1
  EXPECT_EQ(ask(1'001)->amount_out, 1'993u);
  EXPECT_EQ(ask(1'001, Side::second)->fee, 4u) << "of the input, which is the second token";
}

TEST_F(CpSwap, WhatThePoolCannotTradeIsRefused) {
  EXPECT_EQ(ask(0).error().code, Errc::invalid);
  EXPECT_EQ(ask(1).error().code, Errc::invalid) << "the fee takes it";
  EXPECT_EQ(ask(~Units{0}).error().code, Errc::full);
  pool.open_time = 1'001;
  EXPECT_EQ(ask(1'000).error().detail, "the pool opens at 1001");
  pool.open_time = 1'000;
  EXPECT_TRUE(ask(1'000).ok());
  pool.fees_in_vault[0] = 1'000'001;
  EXPECT_FALSE(ask(1'000).ok());
  pool.fees_in_vault[0] = 1'000'000;
  EXPECT_FALSE(ask(1'000).ok()) << "no reserve";
  pool.fees_in_vault[0] = 0;
  vaults[1] = 0;
  EXPECT_FALSE(ask(1'000).ok());
  vaults[1] = 2'000'000;
  pool.swaps_allowed = false;
  EXPECT_FALSE(ask(1'000).ok());
}

TEST_F(CpSwap, ItsInstructionHasTheAmounts) {
  const Key wallet = key_of("So11111111111111111111111111111111111111112");
  const Instruction made =
      cp_swap_instruction(Key{}, pool, wallet, Key{}, Key{}, Side::first, 77, 66);
  ASSERT_EQ(made.accounts.size(), 13u);
  EXPECT_TRUE(made.accounts[0].is_signer);
  const auto amounts = decode_cp_swap_data(made.data);
  ASSERT_TRUE(amounts.ok());
  EXPECT_EQ(amounts->amount_in, 77u);
  EXPECT_EQ(amounts->min_out, 66u);
  EXPECT_FALSE(decode_cp_swap_data(made.data + 'x').ok());
  EXPECT_FALSE(decode_damm_v2_data(made.data).ok());
  EXPECT_FALSE(decode_dlmm_data(made.data).ok());
}

std::string amm_v4_account() {
  std::string bytes(752, '\0');
  put64(bytes, 0, 6);
  put64(bytes, 8, 254);
  put64(bytes, 176, 25);
  put64(bytes, 184, 10'000);
  put64(bytes, 192, 1'000);
  return bytes;
}

TEST(AmmV4, SwapsWithItsFeeOfTheInputAndWithoutTheFeesInItsVaults) {
  const AmmV4Pool pool = *decode_amm_v4_pool(amm_v4_account());
  // ceil(1,001 * 0.25 %) = 3; floor(998 * 2,000,000 / 1,000,998) = 1,994
  const auto answer = quote(pool, {1'001'000, 2'000'000}, Side::first, 1'001, 0);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->amount_out, 1'994u);
  EXPECT_EQ(answer->fee, 3u);
  EXPECT_FALSE(quote(pool, {999, 2'000'000}, Side::first, 1'001, 0).ok());
  EXPECT_FALSE(quote(pool, {1'001'000, 2'000'000}, Side::first, 1, 0).ok());
}

TEST(AmmV4, WhatThePoolCannotTradeIsRefused) {
  std::string bytes = amm_v4_account();
  EXPECT_FALSE(decode_amm_v4_pool(bytes + 'x').ok());
  put64(bytes, 176, 10'000);
  EXPECT_FALSE(decode_amm_v4_pool(bytes).ok());
  bytes = amm_v4_account();
  put64(bytes, 0, 7);
  put64(bytes, 224, 100);
  const AmmV4Pool waiting = *decode_amm_v4_pool(bytes);
  EXPECT_FALSE(quote(waiting, {2'000'000, 2'000'000}, Side::second, 1'000, 99).ok());
  EXPECT_TRUE(quote(waiting, {2'000'000, 2'000'000}, Side::second, 1'000, 100).ok());
  put64(bytes, 0, 3);
  EXPECT_FALSE(
      quote(*decode_amm_v4_pool(bytes), {2'000'000, 2'000'000}, Side::first, 1'000, 100).ok());
}

// The authority of all its pools on the main network has the nonce 254.
TEST(AmmV4, ItsInstructionHasItsAuthorityAndTheAmounts) {
  const AmmV4Pool pool = *decode_amm_v4_pool(amm_v4_account());
  const auto made = amm_v4_instruction(Key{}, pool, Key{}, Key{}, Key{}, 77, 66);
  ASSERT_TRUE(made.ok());
  ASSERT_EQ(made->accounts.size(), 8u);
  EXPECT_EQ(to_text(made->accounts[2].key), "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1");
  EXPECT_EQ(decode_amm_v4_data(made->data)->amount_in, 77u);
  EXPECT_EQ(decode_amm_v4_data(made->data)->min_out, 66u);
  EXPECT_FALSE(decode_amm_v4_data(made->data.substr(1)).ok());
}

struct DammV2 : testing::Test {
  DammV2Pool pool;
  DammV2() {
    pool.swaps_allowed = true;
    pool.cliff_fee = 2'500'000;
    pool.liquidity = U128{1'000'000'000} << 64;
    pool.sqrt_price = U128{1} << 64;
    pool.sqrt_price_min = pool.sqrt_price / 2;
    pool.sqrt_price_max = pool.sqrt_price * 2;
    pool.version = 1;
  }
  Result<PlanQuote> ask(Units amount, Side sold = Side::first, std::uint64_t point = 0) {
    return quote(pool, sold, amount, point);
  }
};

TEST_F(DammV2, TheFeeIsOfTheOutputOrOfTheSecondToken) {
  const PlanQuote output = *ask(1'000'000);
  EXPECT_TRUE(output.fee_in_output);
  EXPECT_EQ(output.fee, 2'498u);  // ceil(999,000 * 0.25 %)
  EXPECT_EQ(output.amount_out, 996'502u);
  pool.collect_fee_mode = 1;
  EXPECT_TRUE(ask(1'000'000)->fee_in_output);
  const PlanQuote input = *ask(1'000'000, Side::second);
  EXPECT_FALSE(input.fee_in_output);
  EXPECT_EQ(input.fee, 2'500u);
}

TEST_F(DammV2, TheBaseFeeFollowsItsSchedule) {
  pool.cliff_fee = 500'000'000;
  pool.fee_period = 60;
  pool.fee_periods = 10;
  pool.fee_reduction = 40'000'000;
  pool.activation_point = 1'000;
  const auto rate = [&](std::uint64_t point) {
    const PlanQuote answer = *ask(1'000'000, Side::first, point);
    return answer.fee * 1'000 / (answer.fee + answer.amount_out);
  };
  EXPECT_EQ(rate(1'000), 500u);
  EXPECT_EQ(rate(1'059), 500u);
  EXPECT_EQ(rate(1'060), 460u);
  EXPECT_EQ(rate(100'000), 100u) << "after ten periods it stays";
  pool.fee_schedule = 1;
  pool.fee_reduction = 5'000;  // it halves
  EXPECT_NEAR(static_cast<double>(rate(1'120)), 125.0, 1.0);
  EXPECT_FALSE(ask(1'000, Side::first, 999).ok()) << "before its activation";
}

TEST_F(DammV2, TheFeeIsBoundedByThePoolsVersion) {
  pool.cliff_fee = 1'000'000'000;
  EXPECT_NEAR(static_cast<double>(ask(1'000'000)->amount_out), 9'990, 5);
  pool.version = 0;
  EXPECT_NEAR(static_cast<double>(ask(1'000'000)->amount_out), 499'500, 5);
  pool.cliff_fee = 0;
  pool.has_dynamic_fee = true;
  pool.volatility = ~U128{0};
  pool.bin_step = 100;
  pool.variable_fee_control = 1;
  EXPECT_EQ(ask(1'000'000).error().code, Errc::full);
}

TEST_F(DammV2, WhatThePoolCannotTradeIsRefused) {
  EXPECT_EQ(ask(0).error().code, Errc::invalid);
  EXPECT_EQ(ask(~Units{0}).error().code, Errc::full) << "it leaves the range";
  EXPECT_EQ(ask(~Units{0}, Side::second).error().code, Errc::full);
  pool.collect_fee_mode = 2;
  EXPECT_EQ(ask(1'000).error().code, Errc::unsupported);
  pool.collect_fee_mode = 0;
  pool.fee_schedule = 2;
  EXPECT_EQ(ask(1'000).error().code, Errc::unsupported);
  pool.fee_schedule = 0;
  pool.liquidity = 0;
  EXPECT_EQ(ask(1'000).error().code, Errc::invalid);
  pool.swaps_allowed = false;
  EXPECT_EQ(ask(1'000).error().detail, "the pool's swaps are off");
}

struct Dlmm : testing::Test {
  DlmmPool pool;
  std::vector<DlmmBinArray> arrays{1};
  Dlmm() {
    pool.swaps_allowed = true;
    pool.bin_step = 10;
    pool.base_factor = 10'000;  // 0.1 %
    pool.volatility_max = 350'000;
    pool.filter_period = 30;
    pool.decay_period = 600;
    pool.reduction_factor = 5'000;
    pool.active_bin = 5;
    for (std::size_t i = 0; i <= 5; ++i) arrays[0].bins[i].amounts = {0, 1'000'000};
    for (std::size_t i = 5; i < 70; ++i) arrays[0].bins[i].amounts[0] = 1'000'000;
  }
  Result<PlanQuote> ask(Units amount, Side sold = Side::first, std::int64_t time = 0) {
    return quote(pool, arrays, sold, amount, time, 0);
  }
};

TEST_F(Dlmm, PricesArePowersOfTheStep) {
  EXPECT_EQ(*dlmm_price(0, 10), U128{1} << 64);
  const auto near = [](U128 found, long double wanted) {
    const long double value = static_cast<long double>(found) / 18446744073709551616.0L;
    return std::abs(value / wanted - 1) < 1e-12L;
  };
  EXPECT_TRUE(near(*dlmm_price(1, 10), 1.001L));
  EXPECT_TRUE(near(*dlmm_price(-1, 10), 1 / 1.001L));
  EXPECT_TRUE(near(*dlmm_price(1'000, 10), std::pow(1.001L, 1'000)));
  EXPECT_EQ(dlmm_price(0x80000, 1).error().code, Errc::full);
  EXPECT_EQ(dlmm_price(-0x7FFFFFFF - 1, 1).error().code, Errc::full);
  EXPECT_EQ(dlmm_price(400'000, 100).error().code, Errc::full);
}

TEST_F(Dlmm, ASwapGoesOnThroughTheBins) {
  const PlanQuote one = *ask(1'000);
  EXPECT_EQ(one.fee, 1u);
  const PlanQuote all = *ask(5'500'000);
  EXPECT_GT(all.amount_out, 5'400'000u);
  EXPECT_LT(all.amount_out, 5'520'000u);
  EXPECT_EQ(ask(6'500'000).error().code, Errc::full) << "there are six bins of 1,000,000";
  EXPECT_TRUE(ask(6'500'000, Side::second).ok());
}

TEST_F(Dlmm, TheFeeRisesWithTheBinsThatAreCrossed) {
  const Units before = ask(5'500'000)->fee;
  pool.variable_fee_control = 1'000'000;
  const Units after = ask(5'500'000)->fee;
  EXPECT_GT(after, before);
  // A pool states any time: one far behind is one that has decayed.
  const Units decayed = ask(5'500'000, Side::first, 1'000)->fee;
  pool.last_update = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(ask(5'500'000, Side::first, 10)->fee, decayed);
  pool.last_update = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(ask(5'500'000, Side::first, -10)->fee, after);
  pool.last_update = 0;
  // The volatility of an earlier swap counts until it has decayed.
  pool.volatility = 100'000;
  pool.volatility_reference = 100'000;
  pool.reference_bin = 5;
  EXPECT_GT(ask(1'000'000, Side::first, 10)->fee, ask(1'000'000, Side::first, 100)->fee);
  EXPECT_GT(ask(1'000'000, Side::first, 100)->fee, ask(1'000'000, Side::first, 700)->fee);
}

TEST_F(Dlmm, ABinWithLimitOrdersIsNotQuoted) {
  arrays[0].bins[4].limit_orders = 5;
  arrays[0].bins[4].limit_order_side = Side::second;
  EXPECT_TRUE(ask(900'000).ok()) << "the active bin suffices";
  EXPECT_EQ(ask(1'500'000).error().detail, "bin 4 has limit orders");
  EXPECT_TRUE(ask(1'500'000, Side::second).ok());
  pool.fee_of_output = true;
  EXPECT_EQ(ask(1'000).error().code, Errc::unsupported);
}

TEST_F(Dlmm, EmptyArraysBetweenAreSkipped) {
  arrays.insert(arrays.begin() + 1, DlmmBinArray());
  arrays[1].index = -3;
  arrays[1].bins[69].amounts[1] = 10'000'000;
  EXPECT_TRUE(ask(8'000'000).ok());
  EXPECT_EQ(ask(0).error().code, Errc::invalid);
  pool.pair_type = 1;
  pool.activation_point = 1;
  EXPECT_EQ(ask(1'000).error().detail, "the pool opens at 1");
}

}  // namespace
}  // namespace oee::solana
