#include "core/venue/router.h"

#include <algorithm>
#include <string>

namespace oee {
namespace {

// One unit for every scale. 64-bit units times 10^18 stay below 2^124.
U128 at_full_scale(Decimal value) {
  U128 scaled = value.units;
  for (int i = value.scale; i < decimal_scale_max; ++i) scaled *= 10;
  return scaled;
}

bool better(const VenueQuote& left, const VenueQuote& right) {
  const U128 left_out = at_full_scale(left.amount_out);
  const U128 right_out = at_full_scale(right.amount_out);
  if (left_out != right_out) return left_out > right_out;
  return at_full_scale(left.fee) < at_full_scale(right.fee);
}

// floor((best - out) * 10,000 / best). Above 2^114 the product would exceed 128 bits; there the
// division comes first, and its rounding error is far below one bps.
std::uint64_t bps_below(U128 out, U128 best) {
  const bool product_fits = best < U128(1) << 114;
  const U128 bps = product_fits ? (best - out) * 10'000 / best : (best - out) / (best / 10'000);
  return static_cast<std::uint64_t>(bps);
}

std::string possessive(const VenueQuote& quote) {
  return std::string(quote.venue.view()) + "'s";
}

// Its amount, after `text`, equals the winner's.
std::string why_lost_tie(std::string text, const VenueQuote& loser, const VenueQuote& winner) {
  text += " equals " + possessive(winner);
  if (at_full_scale(loser.fee) == at_full_scale(winner.fee))
    return text + ", which is listed first";
  return text + ", and its fee " + to_text(loser.fee) + " is higher than " + to_text(winner.fee);
}

std::string why_lost(const VenueQuote& loser, const VenueQuote& winner) {
  const U128 out = at_full_scale(loser.amount_out);
  const U128 best = at_full_scale(winner.amount_out);
  std::string text = "amount out " + to_text(loser.amount_out);
  if (out == best) return why_lost_tie(std::move(text), loser, winner);
  const auto shown = bps_below(out, best);
  text += shown == 0 ? " is under 1 bps less than "
                     : " is " + std::to_string(shown) + " bps less than ";
  return text + possessive(winner) + " " + to_text(winner.amount_out) + by_path(winner);
}

// The same of quotes of an exact output.
std::string why_cost_more(const VenueQuote& loser, const VenueQuote& winner) {
  const Units in = loser.amount_in->units;
  const Units best = winner.amount_in->units;
  std::string text = "amount in " + to_text(*loser.amount_in);
  if (in == best) return why_lost_tie(std::move(text), loser, winner);
  const U128 bps = U128{in - best} * 10'000 / best;
  text += bps == 0 ? " is under 1 bps more than "
                   : " is " + std::to_string(static_cast<Units>(std::min<U128>(bps, ~Units{0}))) +
                         " bps more than ";
  return text + possessive(winner) + " " + to_text(*winner.amount_in);
}

bool costs_less(const VenueQuote& left, const VenueQuote& right) {
  if (left.amount_in->units != right.amount_in->units)
    return left.amount_in->units < right.amount_in->units;
  return at_full_scale(left.fee) < at_full_scale(right.fee);
}

}  // namespace

std::string by_path(const VenueQuote& quote) {
  return quote.path.empty() ? std::string() : " by " + to_text(quote.path);
}

std::optional<std::uint32_t> choose_route(std::vector<VenueQuote>& quotes,
                                          std::span<const Units> least) {
  check(least.empty() || least.size() == quotes.size(), "choose_route: a least output per quote");
  const auto below = [&](std::uint32_t i) {
    return !least.empty() && quotes[i].amount_out.units < least[i];
  };
  std::optional<std::uint32_t> chosen;
  for (std::uint32_t i = 0; i < quotes.size(); ++i) {
    if (!quotes[i].error.empty()) continue;
    if (!chosen || below(*chosen) > below(i) ||
        (below(*chosen) == below(i) && better(quotes[i], quotes[*chosen])))
      chosen = i;
  }
  for (std::uint32_t i = 0; i < quotes.size(); ++i) {
    if (!quotes[i].error.empty()) {
      quotes[i].lost_because = "no quote: " + quotes[i].error;
    } else if (i == *chosen) {
      quotes[i].lost_because.clear();
    } else if (below(i) && !below(*chosen)) {
      quotes[i].lost_because = "amount out " + to_text(quotes[i].amount_out) +
                               " is below the least output " +
                               to_text(Decimal{least[i], quotes[i].amount_out.scale});
    } else {
      quotes[i].lost_because = why_lost(quotes[i], quotes[*chosen]);
    }
  }
  return chosen;
}

bool choose_split(std::vector<VenueQuote>& quotes, std::optional<std::uint32_t> chosen,
                  bool chosen_suffices, std::uint32_t first, std::uint32_t leg_gain_min_bps) {
  // A leg is a part of its split, and no quote for itself.
  const auto lose = [&](const std::string& why) {
    for (std::uint32_t i = first; i < quotes.size(); ++i) {
      VenueQuote& leg = quotes[i];
      leg.lost_because = leg.error.empty() ? why : "no quote: " + leg.error;
      if (leg.error.empty()) leg.error = "not traded: " + why;
    }
    return false;
  };
  U128 sum = 0;
  for (std::uint32_t i = first; i < quotes.size(); ++i) {
    if (!quotes[i].error.empty()) return lose("another leg of its split has no quote");
    sum += quotes[i].amount_out.units;
  }
  if (sum > ~Units{0}) return lose("the output of its split exceeds 64 bits");
  const Decimal total{static_cast<Units>(sum), quotes[first].amount_out.scale};
  const std::string name = "the split's " + to_text(total);
  if (chosen) {
    VenueQuote& single = quotes[*chosen];
    const U128 out = at_full_scale(single.amount_out);
    const U128 split = at_full_scale(total);
    const U128 gain = out / 10'000 * leg_gain_min_bps * (quotes.size() - first - 1);
    if (chosen_suffices && (out >= split || split - out < gain))
      return lose(name + (out >= split ? " is not more than " : " gains too little on ") +
                  possessive(single) + " " + to_text(single.amount_out) + by_path(single));
    single.lost_because = "amount out " + to_text(single.amount_out);
    single.lost_because +=
        out >= split ? " is below its least output, unlike " + name
                     : " is " + std::to_string(bps_below(out, split)) + " bps less than " + name;
  }
  for (std::uint32_t i = first; i < quotes.size(); ++i) quotes[i].lost_because.clear();
  return true;
}

std::optional<std::uint32_t> choose_least_input(std::vector<VenueQuote>& quotes) {
  std::optional<std::uint32_t> chosen;
  for (std::uint32_t i = 0; i < quotes.size(); ++i) {
    if (!quotes[i].error.empty()) continue;
    check(quotes[i].amount_in && quotes[i].amount_in->units > 0,
          "choose_least_input: a quote without an input");
    if (!chosen || costs_less(quotes[i], quotes[*chosen])) chosen = i;
  }
  for (std::uint32_t i = 0; i < quotes.size(); ++i) {
    quotes[i].lost_because.clear();
    if (!quotes[i].error.empty()) {
      quotes[i].lost_because = "no quote: " + quotes[i].error;
    } else if (i != *chosen) {
      quotes[i].lost_because = why_cost_more(quotes[i], quotes[*chosen]);
    }
  }
  return chosen;
}

}  // namespace oee
