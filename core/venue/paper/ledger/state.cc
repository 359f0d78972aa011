#include "core/venue/paper/ledger/state.h"

#include <algorithm>
#include <limits>

namespace oee::paper {

std::string to_text(I128 value) {
  std::string digits;
  U128 rest = value < 0 ? U128(0) - static_cast<U128>(value) : static_cast<U128>(value);
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest > 0);
  if (value < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

TokenBalances* LedgerState::balances_of(Symbol symbol) {
  for (TokenBalances& row : balances) {
    if (row.token.symbol == symbol) return &row;
  }
  return nullptr;
}

Result<void> LedgerState::apply(const JournalEntry& entry) {
  if (entry.height < height) return Error{Errc::corrupt, "the height falls"};
  Result<void> applied;
  if (const auto* deposit = std::get_if<Deposit>(&entry.body)) {
    applied = apply_deposit(*deposit);
  } else if (const auto* settlement = std::get_if<Settlement>(&entry.body)) {
    applied = apply_trade(settlement->trade, &TokenBalances::trader);
  } else if (const auto* arbitrage = std::get_if<Arbitrage>(&entry.body)) {
    applied = apply_trade(arbitrage->trade, &TokenBalances::arbitrage);
  } else if (const auto* reference = std::get_if<ReferenceSet>(&entry.body)) {
    applied = apply_reference(*reference);
  }
  if (!applied) return applied.error();
  if (next_entry == 1) first_height = entry.height;
  height = entry.height;
  ++next_entry;
  return {};
}

Result<void> LedgerState::apply_deposit(const Deposit& deposit) {
  if (deposit.amount_a == 0 || deposit.amount_b == 0 || deposit.a.symbol == deposit.b.symbol) {
    return Error{Errc::corrupt, "a deposit of nothing, or of one token"};
  }
  if (pools.size() > std::numeric_limits<PoolId>::max()) {
    return Error{Errc::corrupt, "more pools than can be numbered"};
  }
  for (const PoolState& pool : pools) {
    const bool same = pool.a.symbol == deposit.a.symbol && pool.b.symbol == deposit.b.symbol;
    const bool reversed = pool.a.symbol == deposit.b.symbol && pool.b.symbol == deposit.a.symbol;
    if (pool.venue == deposit.venue && (same || reversed)) {
      return Error{Errc::corrupt, "a pool is declared twice"};
    }
  }
  for (const Token& token : {deposit.a, deposit.b}) {
    const TokenBalances* row = balances_of(token.symbol);
    if (row && row->token != token) return Error{Errc::corrupt, "a token changes its decimals"};
  }
  auto credit = [this](const Token& token, Units amount) {
    if (!balances_of(token.symbol)) balances.push_back(TokenBalances{token, 0, 0, 0});
    balances_of(token.symbol)->deposited += amount;
  };
  credit(deposit.a, deposit.amount_a);
  credit(deposit.b, deposit.amount_b);
  PoolState& pool = pools.emplace_back();
  pool.venue = deposit.venue;
  pool.a = deposit.a;
  pool.b = deposit.b;
  pool.reserve_a = deposit.amount_a;
  pool.reserve_b = deposit.amount_b;
  return {};
}

Result<void> LedgerState::apply_reference(const ReferenceSet& reference) {
  if (reference.pool >= pools.size()) return Error{Errc::corrupt, "a reference of an unknown pool"};
  if (reference.a == 0 || reference.b == 0) return Error{Errc::corrupt, "a reference of nothing"};
  pools[reference.pool].reference_a = reference.a;
  pools[reference.pool].reference_b = reference.b;
  return {};
}

Result<void> LedgerState::apply_trade(const PoolTrade& trade, I128 TokenBalances::*account) {
  if (trade.pool >= pools.size()) return Error{Errc::corrupt, "a trade in an unknown pool"};
  PoolState after = pools[trade.pool];
  Units& in = trade.sells_a ? after.reserve_a : after.reserve_b;
  Units& out = trade.sells_a ? after.reserve_b : after.reserve_a;
  if (trade.amount_in > std::numeric_limits<Units>::max() - in || trade.amount_out >= out) {
    return Error{Errc::corrupt, "a trade leaves a pool with an impossible reserve"};
  }
  in += trade.amount_in;
  out -= trade.amount_out;
  if (after.product() < pools[trade.pool].product()) {
    return Error{Errc::corrupt, "a trade shrinks the product of a pool's reserves"};
  }
  TokenBalances* paid = balances_of((trade.sells_a ? after.a : after.b).symbol);
  TokenBalances* received = balances_of((trade.sells_a ? after.b : after.a).symbol);
  check(paid && received, "a pool without its tokens' balances");
  paid->*account -= trade.amount_in;
  received->*account += trade.amount_out;
  pools[trade.pool] = after;
  return {};
}

std::vector<I128> LedgerState::conservation_gaps() const {
  std::vector<I128> gaps;
  for (const TokenBalances& row : balances) {
    I128 held = row.trader + row.arbitrage;
    for (const PoolState& pool : pools) {
      if (pool.a.symbol == row.token.symbol) held += pool.reserve_a;
      if (pool.b.symbol == row.token.symbol) held += pool.reserve_b;
    }
    gaps.push_back(held - row.deposited);
  }
  return gaps;
}

}  // namespace oee::paper
