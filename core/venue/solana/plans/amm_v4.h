// Raydium's AMM v4: a constant product pool with one fee of the input. Accounts, formula and
// instruction are those of raydium-io/raydium-amm: program/src/{state,math,instruction}.rs. No
// recorded swap is a proof of this plan. Pure; any thread.
#pragma once

#include <array>

#include "core/venue/solana/plans/account.h"
#include "core/venue/solana/plans/cp_swap.h"
#include "core/venue/solana/rail/message.h"

namespace oee::solana {

extern const Key amm_v4_program;

// Members of two belong to the first token (coin) and the second one (pc).
struct AmmV4Pool {
  std::uint64_t nonce = 0;  // of the authority
  std::uint64_t fee_numerator = 0;
  std::uint64_t fee_denominator = 0;
  std::array<Units, 2> fees_in_vault{};  // that belong to others than the pool
  std::array<Key, 2> vaults;
  std::array<Key, 2> mints;
  bool swaps_allowed = false;
  bool waits_for_open_time = false;
  std::uint64_t open_time = 0;  // s since 1970
};

// invalid: the bytes have another size, or fees that the program does not write. The account has no
// discriminator: its owner is the program.
Result<AmmV4Pool> decode_amm_v4_pool(std::string_view bytes);

// As quote() of a CpSwapPool.
Result<PlanQuote> quote(const AmmV4Pool& pool, const std::array<Units, 2>& vaults, Side sold,
                        Units amount_in, std::uint64_t now);

// SwapBaseInV2, from and to the token accounts of `owner`. invalid: the nonce gives no authority.
Result<Instruction> amm_v4_instruction(const Key& pool_key, const AmmV4Pool& pool, const Key& owner,
                                       const Key& input_account, const Key& output_account,
                                       Units amount_in, Units min_out);
// The amounts in the data of SwapBaseInV2. invalid: it is another instruction.
Result<SwapAmounts> decode_amm_v4_data(std::string_view data);

}  // namespace oee::solana
