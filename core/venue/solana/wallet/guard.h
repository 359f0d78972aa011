// The guard: what a wallet signs. It decodes a message, whoever has built it, and refuses all but
// one swap with the terms of its order. Pure; any thread.
#pragma once

#include <span>
#include <vector>

#include "core/venue/solana/plans/cp_swap.h"
#include "core/venue/solana/rail/instructions.h"

namespace oee::solana {

struct SwapTerms {
  Key wallet;
  VenueOrderId id;
  // The wallet's own token accounts.
  Key input_account;
  Key output_account;
  Key input_mint;
  Key output_mint;
  Units amount_in = 0;
  Units min_out = 0;
  std::uint64_t priority_fee_max = 0;  // lamports
  // The DEX program, the accounts that its instruction may name beside the wallet's own, and the
  // reader of its data.
  Key program;
  std::vector<Key> pool_accounts;
  Result<SwapAmounts> (*amounts_of)(std::string_view data) = nullptr;
};

// invalid: the message does something else; the detail names it. A message that passes
// - has the wallet as its payer and its only signer, no address table, and no instruction of any
//   program but these: the compute budget, one create_marker() of the id, create_token_account() of
//   the wallet for the two mints, and one swap;
// - sells exactly amount_in for min_out or more, from and to the wallet's own accounts;
// - names no account but the wallet's own, the marker, the mints, programs and pool_accounts;
// - costs at most priority_fee_max beside the network's fee and the balances of the accounts that
//   it creates.
Result<void> check_message(const DecodedMessage& message, const SwapTerms& terms);

// What a simulation of the transaction changes.
struct BalanceChange {
  Key account;
  I128 change = 0;  // units of its token
};
// invalid: the wallet's input does not fall by exactly amount_in, its output does not rise by
// min_out, or another account of the wallet changes.
Result<void> check_changes(std::span<const BalanceChange> own, const SwapTerms& terms);

}  // namespace oee::solana
