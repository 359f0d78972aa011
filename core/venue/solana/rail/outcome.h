// The outcome of a signed transaction, from what one node states. An end is only what the chain
// cannot take back: silence, an error of the node and a status below the commitment are none. Pure;
// any thread.
#pragma once

#include <optional>
#include <string>

#include "core/venue/solana/rail/rpc_json.h"

namespace oee::solana {

enum class TransactionOutcome : std::uint8_t {
  open,       // it may land, or has landed below the commitment: send the same bytes again
  landed,     // it is in a block below the commitment, which a fork may drop
  succeeded,  // an end, at the commitment
  failed,     // an end: it is in a block and did nothing but pay its fee
  expired,    // an end: it never lands
};

struct SentTransaction {
  std::uint64_t last_valid_height = 0;  // no block above it takes the transaction
  std::uint64_t slot = 0;               // of its blockhash, or earlier
};

// The answers of one address, in this order: first the height, then the status. Several nodes may
// answer behind it, so the slots are compared.
struct NodeView {
  ChainHeight finalized;
  std::uint64_t first_available_block = 0;  // a slot: the node knows nothing earlier
  std::uint64_t status_slot = 0;            // of the node that looked for the status
  std::optional<SignatureStatus> status;    // empty: it does not know the transaction
};

// Expired is proved by three facts: every block that could take the transaction is finalized, the
// node that looked for it has those blocks, and it has all others since the blockhash.
TransactionOutcome outcome_of(const SentTransaction& sent, const NodeView& node,
                              Commitment commitment);

}  // namespace oee::solana
