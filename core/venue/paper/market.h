// Market: the terms of every pool (fee, reference price) as the registry configures them, and the
// reference price of a pool at a time. Immutable; any thread. When a pool is opened, a new Market
// takes its place.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/order/token_registry.h"
#include "core/seams/venue.h"
#include "core/venue/paper/arbitrage.h"
#include "core/venue/paper/ledger/state.h"
#include "core/venue/paper/price_walk.h"
#include "core/venue/pools/swap.h"

namespace oee::paper {

// "raydium-3": the pool's name in paths.
PoolName pool_name(VenueName venue, PoolId pool);

class Market {
 public:
  // One pool and the direction of a trade in it.
  struct Leg {
    PoolId pool = 0;
    bool sells_a = false;

    Direction direction() const { return sells_a ? Direction::a_to_b : Direction::b_to_a; }
  };

  // One pool and its tokens.
  struct Pool {
    PoolId id = 0;
    Token a;
    Token b;
  };

  // The entries that create the first pools of the registry's venues that `state` lacks. invalid:
  // the registry gives a token another number of decimals than the ledger, or a venue a kind of
  // pools that does not have the price of a pair.
  static Result<std::vector<EntryBody>> missing_pools(const TokenRegistry& registry,
                                                      const LedgerState& state);

  // REQUIRES: missing_pools(registry, state) is empty. A pool that the registry does not name stays
  // in the ledger and is not traded.
  Market(const TokenRegistry& registry, const LedgerState& state, PriceWalk walk);

  // The pools of a pair, by ascending id. Venues are numbered as in the registry. Empty: none.
  // Valid as long as the market.
  std::span<const Leg> legs(std::size_t venue, Symbol input, Symbol output) const;
  // The first of them.
  std::optional<Leg> leg(std::size_t venue, Symbol input, Symbol output) const;

  // The legs of a path at a venue. invalid: it has no such pool, or the pools do not lead from the
  // input to the output over different tokens; the detail names which.
  Result<std::vector<Leg>> path_legs(std::size_t venue, Symbol input, Symbol output,
                                     const HopPath& path) const;

  // The pools of a venue, by ascending id. REQUIRES: a venue of the registry.
  const std::vector<Pool>& pools(std::size_t venue) const { return pools_[venue]; }

  std::size_t venue(PoolId pool) const { return terms_[pool].venue; }
  std::uint32_t fee_per_million(PoolId pool) const { return terms_[pool].fee_per_million; }
  // `at` is the venues' own time (VenueTime in exchange_worker.h). `set`: the pool's last
  // ReferenceSet, if it has one.
  ReferencePrice reference(PoolId pool, WallTime at, EqualWorth set = {}) const;

  // The result of a trade if it is the next one at `at`: first the arbitrage account trades, then
  // the swap is computed. Fills everything but the heights. Errors as swap_exact_in().
  Result<Quote> quote(Leg leg, PoolReserves pool, const QuoteRequest& request, WallTime at,
                      EqualWorth set = {}) const;
  // The same for a pool of another kind at `height`. Errors as trade_exact_in().
  Result<Quote> quote(Leg leg, const oee::PoolState& pool, std::uint64_t height,
                      const QuoteRequest& request, WallTime at, EqualWorth set = {}) const;

  // The least input that yields `amount_out` or more. full: the pool cannot give so much.
  Result<Units> least_in(Leg leg, PoolReserves pool, Units amount_out) const;
  // The same of a pool of another kind, in its state at the present height.
  static Result<Units> least_in(Leg leg, const oee::PoolState& pool, Units amount_out);

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
  // The venue's pool of this name. Null: none.
  const Pool* pool_named(std::size_t venue, PoolName name) const;

  const PriceWalk walk_;
  const std::size_t venues_;
  std::vector<VenueName> venue_names_;
  std::vector<Symbol> tokens_;
  std::vector<Terms> terms_;              // index: PoolId
  std::vector<std::vector<Leg>> legs_;    // [venue][input][output]
  std::vector<std::vector<Pool>> pools_;  // [venue]
};

}  // namespace oee::paper
