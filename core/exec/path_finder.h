// PathFinder: finds the path of several pools that may yield more for an amount than any single
// pool. It works on the pools' published states; a venue's quote decides. One shard's; loop's
// thread. It keeps nothing that a restart needs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/venue/router.h"
#include "core/venue/routes/pool_source.h"
#include "core/venue/routes/route.h"

namespace oee {

class PathFinder {
 public:
  // Paths that are stored with the reasons why they were not asked for, the best of them.
  static constexpr std::size_t others_max = 3;

  // `source`: null: there are no paths. `impact_min_bps`: an amount whose best quote has a smaller
  // price impact is not looked at, because a path could gain little; 0: every amount is.
  PathFinder(PoolSource* source, std::uint32_t impact_min_bps)
      : source_(source), impact_min_bps_(impact_min_bps) {}

  struct Wanted {
    Token input;
    Token output;
    Units amount = 0;
    // As in QuoteRequest: a part that is paid its share of least_out will do. part_min 0: none.
    Units least_out = 0;
    Units part_min = 0;
    std::vector<VenueName> without;      // venues that are left out
    std::vector<Symbol> without_tokens;  // tokens that no path passes
  };
  struct Found {
    // The path to ask for. Empty: no path yields more than the best quote, or none trades now.
    VenueName venue;
    HopPath path;
    Units amount = 0;  // that is to be sold along it
    // The best of the other paths, each with the reason in its error. None has amounts.
    std::vector<VenueQuote> others;
  };
  // `quotes`: the venues' own, of the same request. Empty: no path connects the tokens at all, or
  // the best quote is of the whole amount and its price impact is small.
  std::optional<Found> find(const Wanted& wanted, std::span<const VenueQuote> quotes);

 private:
  // Whether pools connect the tokens, at any venue and however little they can trade.
  bool connected(const RouteRequest& request) const;
  Result<TradeRoute> best_of(const RouteRequest& request, const Wanted& wanted) const;
  HopPath hops_of(const Path& path) const;

  PoolSource* const source_;
  const std::uint32_t impact_min_bps_;
  PoolGraph graph_;
};

}  // namespace oee
