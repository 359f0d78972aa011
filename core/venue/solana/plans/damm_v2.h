// Meteora's DAMM v2: one range of concentrated liquidity with a fee that follows a schedule and the
// volatility. Accounts, formula and instruction are those of MeteoraAg/damm-v2: state/pool.rs,
// state/fee.rs, liquidity_handler/concentrated_liquidity.rs, base_fee/fee_time_scheduler.rs,
// instructions/swap/ix_swap.rs. Prices are square roots in Q64.64. Pure; any thread.
#pragma once

#include <array>

#include "core/venue/solana/plans/account.h"
#include "core/venue/solana/plans/cp_swap.h"
#include "core/venue/solana/rail/message.h"

namespace oee::solana {

extern const Key damm_v2_program;

struct DammV2Pool {
  // Of the base fee, a numerator of 10^9. Other schedules are not quoted.
  enum class FeeSchedule : std::uint8_t { linear = 0, exponential = 1 };
  // Of the output, or always of the second token. Compounding fees are not quoted.
  enum class CollectFeeMode : std::uint8_t { output = 0, second_token = 1 };

  std::uint64_t cliff_fee = 0;  // the base fee at the activation
  std::uint8_t fee_schedule = 0;
  std::uint16_t fee_periods = 0;
  std::uint64_t fee_period = 0;     // in points: slots or seconds; 0: the base fee stays
  std::uint64_t fee_reduction = 0;  // a period: linear of 10^9, exponential in basis points
  bool has_dynamic_fee = false;
  std::uint32_t variable_fee_control = 0;
  std::uint16_t bin_step = 0;
  U128 volatility = 0;
  std::array<Key, 2> mints;
  std::array<Key, 2> vaults;
  std::array<bool, 2> of_token_2022{};
  U128 liquidity = 0;  // times 2^64
  U128 sqrt_price_min = 0;
  U128 sqrt_price_max = 0;
  U128 sqrt_price = 0;
  std::uint64_t activation_point = 0;
  bool activates_by_time = false;  // false: by slot
  bool swaps_allowed = false;
  std::uint8_t collect_fee_mode = 0;
  std::uint8_t version = 0;  // 0: a fee is at most 50 %; 1: 99 %
};

// invalid: the bytes are another account.
Result<DammV2Pool> decode_damm_v2_pool(std::string_view bytes);

// The output of a swap that sells exactly `amount_in`, for mints without a fee of their own.
// `point`: the present slot or second, as the pool activates. unsupported: the pool has a fee that
// this plan does not know. invalid: it does not trade now, or this amount yields nothing. full: the
// amount leaves the pool's range.
Result<PlanQuote> quote(const DammV2Pool& pool, Side sold, Units amount_in, std::uint64_t point);

// swap2 with an exact input, from and to the token accounts of `payer`, without a referral.
Instruction damm_v2_instruction(const Key& pool_key, const DammV2Pool& pool, const Key& payer,
                                const Key& input_account, const Key& output_account,
                                Units amount_in, Units min_out);
// The amounts in the data of swap or of swap2 with an exact input. invalid: it is another one.
Result<SwapAmounts> decode_damm_v2_data(std::string_view data);

}  // namespace oee::solana
