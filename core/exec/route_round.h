// RouteRound: the paths and splits that were compared for a request, and the venues' quotes of the
// best path and the best split. Made by Executor::ask_routes(); loop's thread.
#pragma once

#include <optional>
#include <vector>

#include "core/exec/quote_round.h"
#include "core/exec/route_finder.h"

namespace oee {

struct RouteRound {
  // A transaction that its venue was asked for.
  struct Leg {
    RouteFinder::Leg leg;
    std::size_t venue = 0;  // the position of leg.venue
    std::size_t at = 0;     // the place of its answer in `round`
  };
  std::vector<Leg> path;   // the path that was asked for: one leg, or none
  std::vector<Leg> split;  // the legs of the split that was asked for
  std::vector<VenueQuote> others;
  std::uint32_t leg_gain_min_bps = 0;  // as in RouteFinderOptions
  std::optional<QuoteRound> round;     // of all legs; empty: there are none

  // The venue's answer. REQUIRES: `round` was awaited.
  const Result<Quote>& answer(const Leg& leg) const { return round->answer(leg.at); }
  // The quote of a leg. `amount`: of the request. REQUIRES: as answer().
  VenueQuote quote(const Leg& leg, const Token& input, const Token& output, Decimal amount) const {
    const Decimal asked{leg.leg.amount, amount.scale};
    VenueQuote quote = venue_quote_of(input, output, asked, leg.leg.venue.view(), answer(leg));
    if (quote.amount_in) quote.error = "the quote is of another amount";
    if (asked != amount) quote.amount_in = asked;
    quote.path = leg.leg.path;
    return quote;
  }
  // Appends the quote of the path, if one was asked for, and those of the other paths. The legs of
  // a split follow by append_split(). REQUIRES: as answer().
  void append_paths(std::vector<VenueQuote>& quotes, const Token& input, const Token& output,
                    Decimal amount) const {
    for (const Leg& leg : path) quotes.push_back(quote(leg, input, output, amount));
    quotes.insert(quotes.end(), others.begin(), others.end());
  }
  void append_split(std::vector<VenueQuote>& quotes, const Token& input, const Token& output,
                    Decimal amount) const {
    for (const Leg& leg : split) quotes.push_back(quote(leg, input, output, amount));
  }
};

}  // namespace oee
