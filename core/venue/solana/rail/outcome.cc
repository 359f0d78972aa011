#include "core/venue/solana/rail/outcome.h"

namespace oee::solana {

TransactionOutcome outcome_of(const SentTransaction& sent, const NodeView& node,
                              Commitment commitment) {
  if (node.status) {
    if (node.status->commitment < commitment) return TransactionOutcome::landed;
    return node.status->error.empty() ? TransactionOutcome::succeeded : TransactionOutcome::failed;
  }
  const bool none_takes_it = node.finalized_height > sent.last_valid_height;
  const bool has_its_blocks = node.first_available_block <= sent.slot;
  const bool looked_behind = node.status_slot >= sent.slot;
  return none_takes_it && has_its_blocks && looked_behind ? TransactionOutcome::expired
                                                          : TransactionOutcome::open;
}

}  // namespace oee::solana
