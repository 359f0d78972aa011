#include "core/venue/solana/rail/outcome.h"

#include <gtest/gtest.h>

namespace oee::solana {
namespace {

constexpr SentTransaction sent{150, 1'000};

// Its finalized slot is 1,900.
NodeView silent(std::uint64_t height, std::uint64_t first_block = 0, std::uint64_t slot = 2'000) {
  return {{1'900, height}, first_block, slot, std::nullopt};
}
NodeView with(Commitment commitment, std::string error = {}) {
  NodeView node = silent(10);
  node.status = SignatureStatus{1'010, commitment, std::move(error)};
  return node;
}

TEST(OutcomeOfATransaction, IsExpiredOnlyWhenNoBlockCanTakeItAndTheNodeWouldKnow) {
  EXPECT_EQ(outcome_of(sent, silent(150), Commitment::finalized), TransactionOutcome::open);
  EXPECT_EQ(outcome_of(sent, silent(151), Commitment::finalized), TransactionOutcome::expired);
  EXPECT_EQ(outcome_of(sent, silent(151, 0, 1'900), Commitment::finalized),
            TransactionOutcome::expired);
  EXPECT_EQ(outcome_of(sent, silent(151, 1'000), Commitment::finalized),
            TransactionOutcome::expired);
  EXPECT_EQ(outcome_of(sent, silent(1'000'000, 1'001), Commitment::finalized),
            TransactionOutcome::open)
      << "a pruned node";
  EXPECT_EQ(outcome_of(sent, silent(151, 0, 1'899), Commitment::finalized),
            TransactionOutcome::open)
      << "another node, which is behind";
}

TEST(OutcomeOfATransaction, IsAnEndOnlyAtTheCommitment) {
  for (const char* error : {"", R"({"InstructionError":[1,{"Custom":6005}]})"}) {
    const TransactionOutcome end =
        *error == '\0' ? TransactionOutcome::succeeded : TransactionOutcome::failed;
    EXPECT_EQ(outcome_of(sent, with(Commitment::processed, error), Commitment::finalized),
              TransactionOutcome::landed);
    EXPECT_EQ(outcome_of(sent, with(Commitment::confirmed, error), Commitment::finalized),
              TransactionOutcome::landed);
    EXPECT_EQ(outcome_of(sent, with(Commitment::finalized, error), Commitment::finalized), end);
    EXPECT_EQ(outcome_of(sent, with(Commitment::confirmed, error), Commitment::confirmed), end);
    EXPECT_EQ(outcome_of(sent, with(Commitment::processed, error), Commitment::confirmed),
              TransactionOutcome::landed);
  }
}

// A fork has dropped it: it is open again, and the same bytes may land once more.
TEST(OutcomeOfATransaction, IsOpenAgainAfterAFork) {
  EXPECT_EQ(outcome_of(sent, with(Commitment::confirmed), Commitment::finalized),
            TransactionOutcome::landed);
  EXPECT_EQ(outcome_of(sent, silent(20), Commitment::finalized), TransactionOutcome::open);
}

// A status above its last height is believed: it has landed in time, and the look was late.
TEST(OutcomeOfATransaction, AStatusCountsHoweverHighTheChainIs) {
  NodeView late = with(Commitment::finalized);
  late.finalized.height = 1'000;
  EXPECT_EQ(outcome_of(sent, late, Commitment::finalized), TransactionOutcome::succeeded);
}

}  // namespace
}  // namespace oee::solana
