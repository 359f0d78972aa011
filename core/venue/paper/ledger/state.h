// LedgerState: the fold of the simulated exchange's journal: pools, balances of every account,
// height. Pure value. Conservation: for each token, pools + trader + arbitrage == deposited, after
// every entry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/venue/paper/ledger/journal_entry.h"
#include "core/venue/pools/wide.h"

namespace oee::paper {

std::string to_text(I128 value);  // a balance; accounts start at zero and may be negative

// The pool as it trades at a height: the fees of bins depend on the time, 2 s for 5 heights.
oee::PoolState at_height(const oee::PoolState& pool, std::uint64_t height);

struct PoolState {
  VenueName venue;
  Token a;
  Token b;
  Units reserve_a = 0;  // with the fees that a pool of bins or ticks has taken
  Units reserve_b = 0;
  Units reference_a = 0;  // of the last ReferenceSet; 0: there was none
  Units reference_b = 0;
  PoolShape shape;  // null: constant product
  friend bool operator==(const PoolState& one, const PoolState& other);

  PoolKind kind() const {
    return shape ? static_cast<PoolKind>(shape->index()) : PoolKind::constant_product;
  }
  U128 product() const { return U128(reserve_a) * reserve_b; }
};

// The accounts' holdings of one token, in base units.
struct TokenBalances {
  Token token;
  I128 deposited = 0;  // into pools, ever
  I128 trader = 0;     // the orders of the engine
  I128 arbitrage = 0;
  friend bool operator==(const TokenBalances&, const TokenBalances&) = default;
};

struct LedgerState {
  EntryNumber next_entry = 1;
  std::uint64_t height = 0;             // of the newest entry
  std::uint64_t first_height = 0;       // of the oldest entry
  std::vector<PoolState> pools;         // index: PoolId
  std::vector<TokenBalances> balances;  // in order of first deposit
  friend bool operator==(const LedgerState&, const LedgerState&) = default;

  // Folds the next entry. corrupt: the entry is impossible after the ones before it (no such pool,
  // a reserve outside 1..2^64-1, a falling height, a shrinking product, a trade that is not the one
  // of the pool's shape, a path whose trades do not follow from one another, a pool deposited
  // twice, a reference of nothing). The state is then unchanged.
  Result<void> apply(const JournalEntry& entry);

  // Null: no such token. Valid until the next apply().
  TokenBalances* balances_of(Symbol symbol);
  const TokenBalances* balances_of(Symbol symbol) const;
  // For each token: pools + trader + arbitrage - deposited. Not zero: units were created or lost.
  std::vector<I128> conservation_gaps() const;

 private:
  Result<void> apply_deposit(const Deposit& deposit);
  Result<void> apply_opening(const NewPoolState& opened);
  Result<void> check_deposit(const Deposit& deposit) const;
  void add_pool(const Deposit& deposit, PoolShape shape);
  Result<void> apply_reference(const ReferenceSet& reference);
  Result<void> apply_path(std::span<const PoolTrade> trades, std::uint64_t at);
  Result<void> check_path(std::span<const PoolTrade> trades) const;
  Result<void> apply_trade(const PoolTrade& trade, std::uint64_t at, I128 TokenBalances::*account);
};

}  // namespace oee::paper
