// RouteFinder: finds the path of several pools, or the split over several paths, that may yield
// more for an amount than any single pool. It works on the pools' published states; the venues'
// quotes decide. One shard's; loop's thread. It keeps nothing that a restart needs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/venue/router.h"
#include "core/venue/routes/pool_source.h"
#include "core/venue/routes/route.h"

namespace oee {

struct RouteFinderOptions {
  // An amount whose best quote has a smaller price impact is not looked at, because a path or a
  // split could gain little; 0: every amount is.
  std::uint32_t impact_min_bps = 5;
  // A split gains at least so much of the output for each leg behind its first, or it is not asked
  // for: a leg costs a transaction and its records. 10,000: no attempt is split.
  std::uint32_t leg_gain_min_bps = 1;
};

class RouteFinder {
 public:
  // Paths that are stored with the reasons why they were not asked for, the best of them.
  static constexpr std::size_t others_max = 3;

  // `source`: null: there are no paths.
  RouteFinder(PoolSource* source, RouteFinderOptions options)
      : source_(source), options_(options) {}

  struct Wanted {
    Token input;
    Token output;
    Units amount = 0;
    // As in QuoteRequest: a part that is paid its share of least_out will do. part_min 0: none.
    Units least_out = 0;
    Units part_min = 0;
    bool may_be_split = false;
    std::vector<VenueName> without;      // venues that are left out
    std::vector<Symbol> without_tokens;  // tokens that no path passes
  };
  // A transaction to ask for.
  struct Leg {
    VenueName venue;
    HopPath path;
    Units amount = 0;  // that is to be sold along it
  };
  struct Found {
    // A path of several pools. Empty: none yields more than the best quote, or none trades now.
    std::optional<Leg> path;
    // A split of the whole amount, the largest leg first. Empty: none gains enough on the quotes
    // and the path.
    std::vector<Leg> split;
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
  // The split that gains enough on `least`. not_found: there is none.
  Result<TradeRoute> split_of(RouteRequest request, const Wanted& wanted, Units least) const;
  Leg leg_of(const RouteLeg& leg) const;
  HopPath hops_of(const Path& path) const;

  PoolSource* const source_;
  const RouteFinderOptions options_;
  PoolGraph graph_;
};

}  // namespace oee
