// The routing decision: a pure choice among quotes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/order/event.h"
#include "core/seams/venue.h"

namespace oee {

// Chooses the quote with the largest amount_out. Among equal ones the lower fee wins, then the
// earlier position. Returns its index; empty when no venue gave a quote.
// `least`: the least output of each quote, in its units. A quote below its own is chosen only when
// every quote is. Empty: quotes have none.
// Fills lost_because of every other quote: "amount out 149.2 is 33 bps less than raydium's 149.7",
// "no quote: ...".
std::optional<std::uint32_t> choose_route(std::vector<VenueQuote>& quotes,
                                          std::span<const Units> least = {});

// A venue's answer in the form that the log stores, with its price. A failed call becomes a quote
// with its error, and so does a quote of zero. `amount_in` is the amount of the request. REQUIRES:
// amount_in.units > 0.
VenueQuote venue_quote_of(const Token& input, const Token& output, Decimal amount_in,
                          std::string_view venue, const Result<Quote>& answer);

}  // namespace oee
