#include "core/venue/router.h"

namespace oee {

VenueQuote venue_quote_of(const Token& input, const Token& output, Decimal amount_in,
                          std::string_view venue, const Result<Quote>& answer) {
  VenueQuote quote;
  quote.venue = VenueName(venue);
  if (!answer.ok()) {
    quote.error = answer.error().detail.empty() ? std::string(to_string(answer.error().code))
                                                : answer.error().detail.substr(0, 1'000);
    return quote;
  }
  if (answer->amount_out == 0) {
    quote.error = "the quote is zero";
    return quote;
  }
  if (answer->amount_in == 0 || answer->amount_in > amount_in.units) {
    quote.error = "the quote is of another amount";
    return quote;
  }
  const Decimal quoted{answer->amount_in, amount_in.scale};
  if (quoted != amount_in) quote.amount_in = quoted;
  quote.amount_out = Decimal{answer->amount_out, output.decimals};
  quote.price = price_of(quote.amount_out, quoted);
  quote.fee = Decimal{answer->fee, input.decimals};
  quote.price_impact_bps = answer->price_impact_bps;
  quote.height = answer->height;
  return quote;
}

}  // namespace oee
