// LedgerState: the fold of the paper venues' journal. Pools, balances of every account, height.
// Pure value. Conservation: per token, pools + trader + arbitrage == deposited, after every entry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/venue/paper/ledger/journal_entry.h"

namespace oee {

__extension__ typedef __int128 I128;  // balances: traders start at zero and may owe
std::string to_text(I128 value);

struct PoolState {
  VenueName venue;
  Token a;
  Token b;
  Units reserve_a = 0;
  Units reserve_b = 0;
  friend bool operator==(const PoolState&, const PoolState&) = default;

  U128 product() const { return U128(reserve_a) * reserve_b; }
};

// What the accounts hold of one token, in base units.
struct TokenBalances {
  Token token;
  I128 deposited = 0;  // into pools, ever
  I128 trader = 0;     // the engine's customers
  I128 arbitrage = 0;
  friend bool operator==(const TokenBalances&, const TokenBalances&) = default;
};

struct LedgerState {
  EntryNumber next_entry = 1;
  std::uint64_t height = 0;             // of the newest entry
  std::uint64_t first_height = 0;       // of the oldest
  std::vector<PoolState> pools;         // by PoolId
  std::vector<TokenBalances> balances;  // in order of first deposit
  friend bool operator==(const LedgerState&, const LedgerState&) = default;

  // Folds the next entry. corrupt: impossible after what came before (no such pool, a reserve that
  // would leave 1..2^64-1, a falling height, a shrinking product, a pool declared twice); nothing
  // changed then.
  Result<void> apply(const JournalEntry& entry);

  TokenBalances* balances_of(Symbol symbol);
  // Per token: pools + trader + arbitrage - deposited; zero unless something was made or lost.
  std::vector<I128> conservation_gaps() const;

 private:
  Result<void> apply_deposit(const Deposit& deposit);
  Result<void> apply_trade(const PoolTrade& trade, I128 TokenBalances::*account);
};

}  // namespace oee
