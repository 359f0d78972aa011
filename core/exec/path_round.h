// PathRound: the paths of several pools that were compared for a request, and the venue's quote of
// the best one. Made by Executor::ask_path(); loop's thread.
#pragma once

#include <optional>
#include <vector>

#include "core/exec/path_finder.h"
#include "core/exec/quote_round.h"

namespace oee {

struct PathRound {
  PathFinder::Found found;
  std::size_t venue = 0;            // the position of found.venue
  std::optional<QuoteRound> round;  // of its quote; empty: none is asked for

  // The venue's answer. REQUIRES: `round` was awaited.
  const Result<Quote>& answer() const { return round->answer(venue); }
  // Appends a quote for each path: first the one that was asked for, if there is one. `amount`: of
  // the request. REQUIRES: as answer().
  void append_to(std::vector<VenueQuote>& quotes, const Token& input, const Token& output,
                 Decimal amount) const {
    if (round) {
      const Decimal asked{found.amount, amount.scale};
      VenueQuote quote = venue_quote_of(input, output, asked, found.venue.view(), answer());
      if (quote.amount_in) quote.error = "the quote is of another amount";
      if (asked != amount) quote.amount_in = asked;
      quote.path = found.path;
      quotes.push_back(std::move(quote));
    }
    quotes.insert(quotes.end(), found.others.begin(), found.others.end());
  }
};

}  // namespace oee
