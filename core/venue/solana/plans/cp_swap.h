// Raydium's CP-Swap: a constant product pool with a trade fee and, in some pools, a fee of its
// creator. Accounts, formula and instruction are those of raydium-io/raydium-cp-swap:
// states/pool.rs, states/config.rs, curve/*.rs, instructions/swap_base_input.rs. Pure; any thread.
#pragma once

#include <array>

#include "core/venue/solana/plans/account.h"
#include "core/venue/solana/rail/message.h"

namespace oee::solana {

extern const Key cp_swap_program;

// Rates per million.
struct CpSwapConfig {
  std::uint64_t trade_fee_rate = 0;
  std::uint64_t creator_fee_rate = 0;
};

// Members of two belong to the first and the second token.
struct CpSwapPool {
  enum class CreatorFeeOn : std::uint8_t { input = 0, first_token = 1, second_token = 2 };

  Key config;
  std::array<Key, 2> vaults;
  std::array<Key, 2> mints;
  std::array<Key, 2> token_programs;
  Key observation;
  bool swaps_allowed = false;
  std::uint64_t open_time = 0;          // s since 1970: it trades from then on
  std::array<U128, 2> fees_in_vault{};  // that belong to others than the pool
  CreatorFeeOn creator_fee_on = CreatorFeeOn::input;
  bool has_creator_fee = false;
};

// invalid: the bytes are another account, or hold a value that the program does not write.
Result<CpSwapConfig> decode_cp_swap_config(std::string_view bytes);
Result<CpSwapPool> decode_cp_swap_pool(std::string_view bytes);

// The output of a swap that sells exactly `amount_in`, from the amounts in the pool's vaults, for
// mints without a fee of their own. invalid: the pool does not trade now (s since 1970), or this
// amount yields nothing. full: an amount exceeds 64 bits. REQUIRES: the config is the pool's.
Result<PlanQuote> quote(const CpSwapPool& pool, const CpSwapConfig& config,
                        const std::array<Units, 2>& vaults, Side sold, Units amount_in,
                        std::uint64_t now);

// swap_base_input of `pool`, from and to the token accounts of `payer`.
Instruction cp_swap_instruction(const Key& pool_key, const CpSwapPool& pool, const Key& payer,
                                const Key& input_account, const Key& output_account, Side sold,
                                Units amount_in, Units min_out);
// The amounts in the data of swap_base_input. invalid: it is another instruction.
struct SwapAmounts {
  Units amount_in = 0;
  Units min_out = 0;
};
Result<SwapAmounts> decode_cp_swap_data(std::string_view data);

}  // namespace oee::solana
