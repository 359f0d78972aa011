#include "core/exec/path_finder.h"

#include <algorithm>

namespace oee {
namespace {

// One pool is what the venues quote by themselves.
constexpr std::size_t hops_min = 2;

// Null: no venue has quoted.
const VenueQuote* best_of_quotes(std::span<const VenueQuote> quotes) {
  const VenueQuote* best = nullptr;
  for (const VenueQuote& quote : quotes) {
    if (!quote.error.empty()) continue;
    if (best == nullptr || quote.amount_out.units > best->amount_out.units) best = &quote;
  }
  return best;
}

// Whether the amount that the quote is of is paid its share of the least output.
bool holds(const VenueQuote& quote, const PathFinder::Wanted& wanted) {
  const Units sold = quote.amount_in ? quote.amount_in->units : wanted.amount;
  return U128{quote.amount_out.units} * wanted.amount >= U128{wanted.least_out} * sold;
}

}  // namespace

bool PathFinder::connected(const RouteRequest& request) const {
  RouteRequest least;
  least.input = request.input;
  least.output = request.output;
  least.amount = 1;
  const auto route = best_path(graph_, least, hops_min);
  return route.ok() || route.error().code != Errc::not_found;
}

// Of the whole amount, or of the largest part that will do: one that leaves at least part_min.
Result<TradeRoute> PathFinder::best_of(const RouteRequest& request, const Wanted& wanted) const {
  Result<TradeRoute> whole = best_path(graph_, request, hops_min);
  const bool parts = wanted.part_min > 0 && wanted.part_min < wanted.amount;
  if (!parts || (whole.ok() && whole->amount_out >= wanted.least_out)) return whole;
  if (wanted.amount - wanted.part_min < wanted.part_min) return whole;
  RouteRequest part = request;
  part.amount = wanted.amount - wanted.part_min;
  Result<TradeRoute> within = best_path_within(
      graph_, part, hops_min, PriceLimit{wanted.least_out, wanted.amount}, wanted.part_min);
  return within.ok() ? within : whole;
}

std::optional<PathFinder::Found> PathFinder::find(const Wanted& wanted,
                                                  std::span<const VenueQuote> quotes) {
  if (source_ == nullptr) return std::nullopt;
  const VenueQuote* best = best_of_quotes(quotes);
  const Decimal all{wanted.amount, wanted.input.decimals};
  const bool whole = best != nullptr && best->amount_in.value_or(all) == all;
  if (whole && best->price_impact_bps < impact_min_bps_) return std::nullopt;
  source_->refresh(graph_);
  RouteRequest request;
  request.input = wanted.input.symbol;
  request.output = wanted.output.symbol;
  request.amount = wanted.amount;
  request.without = wanted.without;
  request.without_tokens = wanted.without_tokens;
  const Result<TradeRoute> route = best_of(request, wanted);
  if (!route.ok()) return connected(request) ? std::optional(Found()) : std::nullopt;

  Found found;
  const bool gains =
      best == nullptr || !holds(*best, wanted) || route->amount_out > best->amount_out.units;
  if (gains) {
    found.path = hops_of(route->legs.front().path);
    found.venue = graph_.venue(route->legs.front().path.venue());
    found.amount = route->amount_in;
  }
  std::vector<RouteCandidate> others;
  for (const RouteCandidate& path : route->candidates)
    if (path.trades_all && !(gains && path.chosen)) others.push_back(path);
  std::stable_sort(
      others.begin(), others.end(),
      [](const RouteCandidate& a, const RouteCandidate& b) { return a.alone > b.alone; });
  others.resize(std::min(others.size(), others_max));
  const auto text = [&](Units out) { return to_text(Decimal{out, wanted.output.decimals}); };
  for (const RouteCandidate& path : others) {
    VenueQuote& quote = found.others.emplace_back();
    quote.venue = graph_.venue(path.path.venue());
    quote.path = hops_of(path.path);
    quote.error = "not asked: its pools would give " + text(path.alone) + ", and " +
                  (gains ? "the best path " + text(route->amount_out)
                         : std::string(best->venue.view()) + " gives " + to_text(best->amount_out));
    quote.lost_because = "no quote: " + quote.error;
  }
  return found;
}

HopPath PathFinder::hops_of(const Path& path) const {
  HopPath hops;
  for (const PoolGraph::Edge& edge : path.hops())
    hops.push_back({graph_.pool(edge.pool), graph_.token(edge.to)});
  return hops;
}

}  // namespace oee
