// Journal entries for the tests of the ledger.
#pragma once

#include <gtest/gtest.h>

#include "core/venue/paper/ledger/ledger.h"
#include "tests/support/paper_fixture.h"

namespace oee::paper {

inline JournalEntry entry_of(EntryBody body, std::uint64_t height = 10) {
  JournalEntry entry;
  entry.height = height;
  entry.body = std::move(body);
  return entry;
}

inline Deposit deposit(const char* a = "SOL", const char* b = "USDC") {
  Deposit made;
  made.venue = "raydium";
  made.a = test::token(a);
  made.b = test::token(b);
  made.amount_a = 1'000'000;
  made.amount_b = 2'000'000;
  return made;
}

inline Settlement settlement(std::uint64_t number, Units in = 100, Units out = 190) {
  Settlement made;
  made.id = test::venue_order_id(number);
  made.trade = PoolTrade{0, true, in, out, 1};
  return made;
}

// Appends to store and state as the exchange does.
inline Result<void> append(LedgerStore& store, LedgerState& state,
                           std::vector<JournalEntry> entries) {
  for (const JournalEntry& entry : entries) OEE_TRY(state.apply(entry));
  return store.commit(entries, state);
}

inline std::unique_ptr<LedgerStore> open(const std::filesystem::path& dir) {
  auto store = open_rocks_ledger(dir, {});
  EXPECT_TRUE(store.ok()) << store.error().detail;
  return *std::move(store);
}

}  // namespace oee::paper
