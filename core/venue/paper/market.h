// Market: the terms of every pool (fee, reference price) as the registry configures them, and where
// a pool's price should be at a moment. Immutable after make(); any thread.
#pragma once

#include <optional>
#include <vector>

#include "core/order/token_registry.h"
#include "core/seams/venue.h"
#include "core/venue/paper/arbitrage.h"
#include "core/venue/paper/ledger/state.h"
#include "core/venue/paper/price_walk.h"

namespace oee {

class Market {
 public:
  // One pool seen from one side.
  struct Leg {
    PoolId pool = 0;
    bool sells_a = false;
  };

  // The deposits that give the registry's venues the pools that `state` lacks. invalid: the
  // registry contradicts the ledger (another number of decimals).
  static Result<std::vector<Deposit>> missing_pools(const TokenRegistry& registry,
                                                    const LedgerState& state);

  // REQUIRES: missing_pools(registry, state) is empty. Pools that the registry does not name stay
  // in the ledger and are not traded.
  Market(const TokenRegistry& registry, const LedgerState& state, PriceWalk walk);

  // Venues are numbered as in the registry. Empty: no such pool.
  std::optional<Leg> leg(std::size_t venue, Symbol input, Symbol output) const;

  std::uint32_t fee_per_million(PoolId pool) const { return terms_[pool].fee_per_million; }
  // `at` is the venues' own time, see VenueTime in paper/exchange_worker.h.
  ReferencePrice reference(PoolId pool, WallTime at) const;

  // What a trade would give at `at`, were it the next: the arbitrage account first, then the swap.
  // Fills everything but the heights. invalid: a zero trade; full.
  Result<Quote> quote(Leg leg, PoolReserves pool, Units amount_in, WallTime at) const;

 private:
  struct Terms {
    std::size_t venue = 0;
    std::uint32_t fee_per_million = 0;
    std::int32_t price_offset_bps = 0;
    Units reference_a = 0;  // worth the same in USD
    Units reference_b = 0;
    std::uint64_t pair_seed = 0;
  };
  std::optional<std::size_t> token_number(Symbol symbol) const;

  const PriceWalk walk_;
  const std::size_t venues_;
  std::vector<Symbol> tokens_;
  std::vector<Terms> terms_;              // by PoolId
  std::vector<std::optional<Leg>> legs_;  // [venue][input][output]
};

}  // namespace oee
