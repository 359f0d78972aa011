#include "core/venue/router.h"

namespace oee {

namespace {

// A quote without its amounts; one with an error has none.
VenueQuote named_quote(std::string_view venue, const Result<Quote>& answer) {
  VenueQuote quote;
  quote.venue = VenueName(venue);
  if (!answer.ok()) {
    quote.error = answer.error().detail.empty() ? std::string(to_string(answer.error().code))
                                                : answer.error().detail.substr(0, 1'000);
  } else if (answer->amount_out == 0) {
    quote.error = "the quote is zero";
  }
  return quote;
}

void add_amounts(VenueQuote& quote, const Token& output, Decimal amount_in, const Quote& answer) {
  quote.amount_out = Decimal{answer.amount_out, output.decimals};
  quote.price = price_of(quote.amount_out, amount_in);
  quote.fee = Decimal{answer.fee, amount_in.scale};
  quote.price_impact_bps = answer.price_impact_bps;
  quote.height = answer.height;
}

}  // namespace

VenueQuote venue_quote_of(const Token& input, const Token& output, Decimal amount_in,
                          std::string_view venue, const Result<Quote>& answer) {
  VenueQuote quote = named_quote(venue, answer);
  if (!quote.error.empty()) return quote;
  if (answer->amount_in == 0 || answer->amount_in > amount_in.units) {
    quote.error = "the quote is of another amount";
    return quote;
  }
  const Decimal quoted{answer->amount_in, input.decimals};
  if (quoted != amount_in) quote.amount_in = quoted;
  add_amounts(quote, output, quoted, *answer);
  return quote;
}

VenueQuote exact_quote_of(const Token& input, const Token& output, Units exact_out,
                          std::string_view venue, const Result<Quote>& answer) {
  VenueQuote quote = named_quote(venue, answer);
  if (!quote.error.empty()) return quote;
  if (answer->amount_in == 0 || answer->amount_out < exact_out) {
    quote.error = "the quote is of another amount";
    return quote;
  }
  quote.amount_in = Decimal{answer->amount_in, input.decimals};
  add_amounts(quote, output, *quote.amount_in, *answer);
  return quote;
}

}  // namespace oee
