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
// with the path of a winner that has one; "no quote: ...".
std::optional<std::uint32_t> choose_route(std::vector<VenueQuote>& quotes,
                                          std::span<const Units> least = {});

// Compares a split with the quote of one transaction that was chosen, if any. The quotes of its
// legs are those from `first` on. true: the split is chosen, because each leg has a quote and their
// sum exceeds the chosen output, by leg_gain_min_bps of that for each leg behind the first, or
// `chosen_suffices` is false. Fills lost_because of the chosen quote, or of the legs with an error
// "not traded: ...". REQUIRES: first < quotes.size().
bool choose_split(std::vector<VenueQuote>& quotes, std::optional<std::uint32_t> chosen,
                  bool chosen_suffices, std::uint32_t first, std::uint32_t leg_gain_min_bps);

// As choose_route(), among quotes of an exact output: chooses the least amount_in. Among equal ones
// the lower fee wins, then the earlier position. lost_because: "amount in 10.1 is 33 bps more than
// raydium's 10.0". REQUIRES: each quote without an error has an amount_in.
std::optional<std::uint32_t> choose_least_input(std::vector<VenueQuote>& quotes);

// " by raydium-3>USDT>raydium-5", behind the name or the amount of a quote; empty for no path.
std::string by_path(const VenueQuote& quote);

// A venue's answer in the form that the log stores, with its price. A failed call becomes a quote
// with its error, and so does a quote of zero. `amount_in` is the amount of the request. REQUIRES:
// amount_in.units > 0.
VenueQuote venue_quote_of(const Token& input, const Token& output, Decimal amount_in,
                          std::string_view venue, const Result<Quote>& answer);
// The same of a request with exact_out. The quote has its amount_in.
VenueQuote exact_quote_of(const Token& input, const Token& output, Units exact_out,
                          std::string_view venue, const Result<Quote>& answer);

}  // namespace oee
