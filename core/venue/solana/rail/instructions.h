// Instructions of Solana's own programs that a swap's transaction has beside the swap. Formats:
// solana-sdk's SystemInstruction and ComputeBudgetInstruction, and the associated token account
// program. Pure; any thread.
#pragma once

#include "core/venue/solana/rail/message.h"

namespace oee::solana {

// The transaction's limit of compute units, and its price of one in millionths of a lamport.
Instruction set_compute_unit_limit(std::uint32_t units);
Instruction set_compute_unit_price(std::uint64_t micro_lamports);
// The priority fee of both in lamports, rounded up; 2^64 - 1 when it exceeds 64 bits.
std::uint64_t priority_fee(std::uint32_t units, std::uint64_t micro_lamports);

// The balance that an account without data needs for ever.
inline constexpr std::uint64_t marker_lamports = 890'880;

// The marker of a venue order id: an account without data, at the address that is derived from the
// wallet and the 32 hexadecimal digits of the id. Only one transaction can create it, so only one
// transaction of that id can land, whoever signed it.
Key marker_of(const Key& wallet, const VenueOrderId& id);
// CreateAccountWithSeed. A second one fails, and with it its whole transaction.
Instruction create_marker(const Key& wallet, const VenueOrderId& id);
// TransferWithSeed: its lamports go back to the wallet.
Instruction reclaim_marker(const Key& wallet, const VenueOrderId& id);

// CreateIdempotent: the token account of the wallet, unless it is there.
Instruction create_token_account(const Key& wallet, const Key& mint, const Key& program);

// What an instruction of the compute budget sets.
struct ComputeBudget {
  std::optional<std::uint32_t> unit_limit;
  std::optional<std::uint64_t> unit_price;
};
// invalid: it sets something else.
Result<ComputeBudget> decode_compute_budget(std::string_view data);

}  // namespace oee::solana
