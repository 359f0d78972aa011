#include "core/venue/solana/rail/outcome.h"

namespace oee::solana {

TransactionOutcome outcome_of(const SentTransaction& sent, const NodeView& node,
                              Commitment commitment) {
  if (node.status) {
    if (node.status->commitment < commitment) return TransactionOutcome::landed;
    return node.status->error.empty() ? TransactionOutcome::succeeded : TransactionOutcome::failed;
  }
  const bool none_takes_it = node.finalized.height > sent.last_valid_height;
  const bool looked_behind = node.status_slot >= node.finalized.slot;
  const bool has_its_blocks = node.first_available_block <= sent.slot;
  return none_takes_it && looked_behind && has_its_blocks ? TransactionOutcome::expired
                                                          : TransactionOutcome::open;
}

}  // namespace oee::solana
