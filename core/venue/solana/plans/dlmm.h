// Meteora's DLMM: bins of one price each, and a fee that rises with the bins that are crossed.
// Accounts, formula and instruction are those of MeteoraAg/dlmm-sdk: idls/dlmm.json,
// commons/src/quote.rs, commons/src/extensions/{lb_pair,bin}.rs, commons/src/math/*.rs. Prices are
// of the first token in the second, in Q64.64. A bin with limit orders on the side that is bought,
// and a pool that takes its fee of the output, are not quoted. Of the fee's decay between
// filter_period and decay_period no recorded swap is a proof. Pure; any thread.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "core/venue/solana/plans/account.h"
#include "core/venue/solana/plans/cp_swap.h"
#include "core/venue/solana/rail/message.h"

namespace oee::solana {

extern const Key dlmm_program;

struct DlmmPool {
  std::uint16_t base_factor = 0;
  std::uint8_t base_fee_power = 0;
  std::uint16_t filter_period = 0;  // s
  std::uint16_t decay_period = 0;   // s
  std::uint16_t reduction_factor = 0;
  std::uint32_t variable_fee_control = 0;
  std::uint32_t volatility_max = 0;
  std::uint32_t volatility = 0;
  std::uint32_t volatility_reference = 0;
  std::int32_t reference_bin = 0;
  std::int64_t last_update = 0;  // s since 1970
  std::uint8_t pair_type = 0;
  std::int32_t active_bin = 0;
  std::uint16_t bin_step = 0;  // basis points between the prices of two bins
  bool swaps_allowed = false;
  bool activates_by_time = false;  // false: by slot
  std::uint64_t activation_point = 0;
  bool fee_of_output = false;
  std::array<Key, 2> mints;
  std::array<Key, 2> reserves;
  std::array<bool, 2> of_token_2022{};
  Key oracle;
};

struct DlmmBin {
  std::array<Units, 2> amounts{};  // of the first and of the second token
  U128 price = 0;                  // 0: not stored yet, that of its id
  Units limit_orders = 0;
  Side limit_order_side = Side::first;  // the token that they sell
};

// Bins index * 70 to index * 70 + 69.
struct DlmmBinArray {
  static constexpr std::int32_t size = 70;
  std::int64_t index = 0;
  Key pool;
  std::array<DlmmBin, size> bins;
};

// invalid: the bytes are another account.
Result<DlmmPool> decode_dlmm_pool(std::string_view bytes);
Result<DlmmBinArray> decode_dlmm_bin_array(std::string_view bytes);

// (1 + bin_step / 10^4)^bin. full: it does not fit Q64.64.
Result<U128> dlmm_price(std::int32_t bin, std::uint16_t bin_step);

// The output of a swap that sells exactly `amount_in`, for mints without a fee of their own.
// `arrays`: those with liquidity from the active bin on, in the order of the swap; bins between
// them are empty. `time`: s since 1970. `point`: the present slot or second, as the pool activates.
// unsupported: see above. invalid: the pool does not trade now, or this amount yields nothing.
// full: the arrays have too little.
Result<PlanQuote> quote(const DlmmPool& pool, std::span<const DlmmBinArray> arrays, Side sold,
                        Units amount_in, std::int64_t time, std::uint64_t point);

// The address of a pool's bin array.
Key dlmm_bin_array_key(const Key& pool, std::int64_t index);

// swap2 with an exact input, from and to the token accounts of `user`. `arrays`: the addresses of
// the bin arrays that it may pass, in the order of the swap.
Instruction dlmm_instruction(const Key& pool_key, const DlmmPool& pool, std::span<const Key> arrays,
                             const Key& user, const Key& input_account, const Key& output_account,
                             Units amount_in, Units min_out);
// The amounts in the data of swap or swap2, which have an exact input. invalid: it is another one.
Result<SwapAmounts> decode_dlmm_data(std::string_view data);

}  // namespace oee::solana
