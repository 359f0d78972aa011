// The routing decision: a pure choice among quotes.
#pragma once

#include <optional>
#include <vector>

#include "core/order/event.h"
#include "core/seams/venue.h"

namespace oee {

// Chooses the quote with the largest amount_out; of equals the lower fee, then the earlier one.
// Fills lost_because of every other ("amount out 149.2 is 31 bps less than raydium's 149.7", "no
// quote: ..."). Empty: no venue gave a quote.
std::optional<std::uint32_t> choose_route(std::vector<VenueQuote>& quotes);

// A venue's answer as the log stores it, price and all; a failed call becomes a quote with its
// error. REQUIRES: amount_in.units > 0.
VenueQuote venue_quote_of(const Token& input, const Token& output, Decimal amount_in,
                          std::string_view venue, const Result<Quote>& answer);

}  // namespace oee
