#include "core/venue/paper/ledger/state.h"

#include <algorithm>
#include <limits>

#include "core/venue/pools/spot.h"

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

oee::PoolState at_height(const oee::PoolState& pool, std::uint64_t height) {
  oee::PoolState at = pool;
  if (auto* bins = std::get_if<BinPool>(&at))
    bins->time = static_cast<std::int64_t>(height / 5 * 2);
  return at;
}

bool operator==(const PoolState& one, const PoolState& other) {
  const bool shapes =
      one.shape && other.shape ? *one.shape == *other.shape : one.shape == other.shape;
  return shapes && one.venue == other.venue && one.a == other.a && one.b == other.b &&
         one.reserve_a == other.reserve_a && one.reserve_b == other.reserve_b &&
         one.reference_a == other.reference_a && one.reference_b == other.reference_b;
}

const TokenBalances* LedgerState::balances_of(Symbol symbol) const {
  for (const TokenBalances& row : balances) {
    if (row.token.symbol == symbol) return &row;
  }
  return nullptr;
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
    applied = apply_trade(settlement->trade, entry.height, &TokenBalances::trader);
  } else if (const auto* path = std::get_if<PathSettlement>(&entry.body)) {
    applied = apply_path(path->trades, entry.height);
  } else if (const auto* arbitrage = std::get_if<Arbitrage>(&entry.body)) {
    applied = apply_trade(arbitrage->trade, entry.height, &TokenBalances::arbitrage);
  } else if (const auto* reference = std::get_if<ReferenceSet>(&entry.body)) {
    applied = apply_reference(*reference);
  } else if (const auto* opened = std::get_if<PoolOpened>(&entry.body)) {
    applied = apply_opening(*opened->pool);
  }
  if (!applied) return applied.error();
  if (next_entry == 1) first_height = entry.height;
  height = entry.height;
  ++next_entry;
  return {};
}

Result<void> LedgerState::apply_deposit(const Deposit& deposit) {
  for (const PoolState& pool : pools) {
    const bool same = pool.a.symbol == deposit.a.symbol && pool.b.symbol == deposit.b.symbol;
    const bool reversed = pool.a.symbol == deposit.b.symbol && pool.b.symbol == deposit.a.symbol;
    if (pool.venue == deposit.venue && (same || reversed)) {
      return Error{Errc::corrupt, "a pool is deposited twice"};
    }
  }
  OEE_TRY(check_deposit(deposit));
  add_pool(deposit, nullptr);
  return {};
}

Result<void> LedgerState::apply_opening(const NewPoolState& opened) {
  OEE_TRY(check_deposit(opened.first));
  if (opened.shape) {
    if (const auto valid = validate(*opened.shape); !valid) {
      return Error{Errc::corrupt, "a new pool: " + valid.error().detail};
    }
    const PoolAmounts held = amounts_held(*opened.shape);
    if (held.a > opened.first.amount_a || held.b > opened.first.amount_b) {
      return Error{Errc::corrupt, "a new pool promises more than it holds"};
    }
  }
  add_pool(opened.first, opened.shape);
  return {};
}

Result<void> LedgerState::check_deposit(const Deposit& deposit) const {
  if (deposit.amount_a == 0 || deposit.amount_b == 0 || deposit.a.symbol == deposit.b.symbol) {
    return Error{Errc::corrupt, "a deposit of nothing, or of one token"};
  }
  if (pools.size() > std::numeric_limits<PoolId>::max()) {
    return Error{Errc::corrupt, "more pools than can be numbered"};
  }
  for (const Token& token : {deposit.a, deposit.b}) {
    const TokenBalances* row = balances_of(token.symbol);
    if (row && row->token != token) return Error{Errc::corrupt, "a token changes its decimals"};
  }
  return {};
}

void LedgerState::add_pool(const Deposit& deposit, PoolShape shape) {
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
  pool.shape = std::move(shape);
}

Result<void> LedgerState::apply_reference(const ReferenceSet& reference) {
  if (reference.pool >= pools.size()) return Error{Errc::corrupt, "a reference of an unknown pool"};
  if (reference.a == 0 || reference.b == 0) return Error{Errc::corrupt, "a reference of nothing"};
  pools[reference.pool].reference_a = reference.a;
  pools[reference.pool].reference_b = reference.b;
  return {};
}

namespace {

// The shape after a trade that was recorded. corrupt: its amounts are not those of the shape.
Result<PoolShape> shape_after(const oee::PoolState& shape, const PoolTrade& trade,
                              std::uint64_t height) {
  oee::PoolState after = at_height(shape, height);
  const Direction direction = trade.sells_a ? Direction::a_to_b : Direction::b_to_a;
  const auto swap = trade_exact_in(after, direction, trade.amount_in);
  if (!swap) return Error{Errc::corrupt, "a trade that its pool refuses: " + swap.error().detail};
  if (swap->amount_out != trade.amount_out || swap->fee != trade.fee) {
    return Error{Errc::corrupt, "a trade is not the one that its pool computes"};
  }
  return std::make_shared<const oee::PoolState>(std::move(after));
}

}  // namespace

Result<void> LedgerState::apply_trade(const PoolTrade& trade, std::uint64_t at,
                                      I128 TokenBalances::*account) {
  if (trade.pool >= pools.size()) return Error{Errc::corrupt, "a trade in an unknown pool"};
  PoolState& pool = pools[trade.pool];
  Units& in = trade.sells_a ? pool.reserve_a : pool.reserve_b;
  Units& out = trade.sells_a ? pool.reserve_b : pool.reserve_a;
  // A pool with bins or ticks may pay all that it has of a token.
  const bool pays_too_much = pool.shape ? trade.amount_out > out : trade.amount_out >= out;
  if (trade.amount_in > std::numeric_limits<Units>::max() - in || pays_too_much) {
    return Error{Errc::corrupt, "a trade leaves a pool with an impossible reserve"};
  }
  const Units in_after = in + trade.amount_in;
  const Units out_after = out - trade.amount_out;
  if (pool.shape) {
    OEE_TRY_ASSIGN(pool.shape, shape_after(*pool.shape, trade, at));
  } else if (U128(in_after) * out_after < pool.product()) {
    return Error{Errc::corrupt, "a trade shrinks the product of a pool's reserves"};
  }
  TokenBalances* paid = balances_of((trade.sells_a ? pool.a : pool.b).symbol);
  TokenBalances* received = balances_of((trade.sells_a ? pool.b : pool.a).symbol);
  check(paid && received, "a pool without its tokens' balances");
  paid->*account -= trade.amount_in;
  received->*account += trade.amount_out;
  in = in_after;
  out = out_after;
  return {};
}

Result<void> LedgerState::check_path(std::span<const PoolTrade> trades) const {
  if (trades.size() < 2 || trades.size() > hops_max)
    return Error{Errc::corrupt, "a path of " + std::to_string(trades.size()) + " trades"};
  for (std::size_t i = 0; i < trades.size(); ++i) {
    if (trades[i].pool >= pools.size()) return Error{Errc::corrupt, "a trade in an unknown pool"};
    if (i == 0) continue;
    const PoolTrade& before = trades[i - 1];
    const PoolState& from = pools[before.pool];
    const PoolState& to = pools[trades[i].pool];
    const Token& out = before.sells_a ? from.b : from.a;
    const Token& in = trades[i].sells_a ? to.a : to.b;
    const auto same_pool = [&](const PoolTrade& trade) { return trade.pool == trades[i].pool; };
    if (in != out || from.venue != to.venue || before.amount_out != trades[i].amount_in ||
        std::any_of(trades.begin(), trades.begin() + static_cast<std::ptrdiff_t>(i), same_pool)) {
      return Error{Errc::corrupt, "a trade of a path does not follow from the one before"};
    }
  }
  return {};
}

// A later trade of the path may be impossible, so the rows that the path changes are kept.
Result<void> LedgerState::apply_path(std::span<const PoolTrade> trades, std::uint64_t at) {
  OEE_TRY(check_path(trades));
  std::vector<PoolState> before;
  for (const PoolTrade& trade : trades) before.push_back(pools[trade.pool]);
  const std::vector<TokenBalances> balances_before = balances;
  for (const PoolTrade& trade : trades) {
    const auto applied = apply_trade(trade, at, &TokenBalances::trader);
    if (applied) continue;
    for (std::size_t i = 0; i < trades.size(); ++i) pools[trades[i].pool] = before[i];
    balances = balances_before;
    return applied.error();
  }
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
