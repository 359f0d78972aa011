#include "core/exec/route_finder.h"

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
bool holds(const VenueQuote& quote, const RouteFinder::Wanted& wanted) {
  const Units sold = quote.amount_in ? quote.amount_in->units : wanted.amount;
  return U128{quote.amount_out.units} * wanted.amount >= U128{wanted.least_out} * sold;
}

bool split_has(const TradeRoute& split, const RouteCandidate& candidate) {
  return std::any_of(split.legs.begin(), split.legs.end(),
                     [&](const RouteLeg& leg) { return leg.path == candidate.path; });
}

}  // namespace

bool RouteFinder::connected(const RouteRequest& request) const {
  RouteRequest least;
  least.input = request.input;
  least.output = request.output;
  least.amount = 1;
  const auto route = best_path(graph_, least, hops_min);
  return route.ok() || route.error().code != Errc::not_found;
}

// Of the whole amount, or of the largest part that will do: one that leaves at least part_min.
Result<TradeRoute> RouteFinder::best_of(const RouteRequest& request, const Wanted& wanted) const {
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

Result<TradeRoute> RouteFinder::split_of(RouteRequest request, const Wanted& wanted,
                                         Units least) const {
  const Error none{Errc::not_found, "no split gains enough"};
  if (!wanted.may_be_split || options_.leg_gain_min_bps >= 10'000) return none;
  request.other_cost = static_cast<Units>(U128{least} * options_.leg_gain_min_bps / 10'000);
  OEE_TRY_ASSIGN(TradeRoute route, best_route(graph_, request));
  const U128 costs = U128{request.other_cost} * (route.legs.size() - 1);
  if (route.legs.size() < 2 || route.amount_out <= least + costs ||
      route.amount_out < wanted.least_out)
    return none;
  return route;
}

RouteFinder::Leg RouteFinder::leg_of(const RouteLeg& leg) const {
  return {graph_.venue(leg.path.venue()), hops_of(leg.path), leg.amount_in};
}

std::optional<RouteFinder::Found> RouteFinder::find(const Wanted& wanted,
                                                    std::span<const VenueQuote> quotes) {
  if (source_ == nullptr) return std::nullopt;
  const VenueQuote* best = best_of_quotes(quotes);
  const Decimal all{wanted.amount, wanted.input.decimals};
  const bool whole = best != nullptr && best->amount_in.value_or(all) == all;
  if (whole && best->price_impact_bps < options_.impact_min_bps) return std::nullopt;
  source_->refresh(graph_);
  RouteRequest request;
  request.input = wanted.input.symbol;
  request.output = wanted.output.symbol;
  request.amount = wanted.amount;
  request.without = wanted.without;
  request.without_tokens = wanted.without_tokens;
  const Result<TradeRoute> route = best_of(request, wanted);
  // A split is compared with what the whole amount yields without one.
  Units single = whole ? best->amount_out.units : 0;
  if (route.ok() && route->amount_in == wanted.amount) single = std::max(single, route->amount_out);
  const Result<TradeRoute> split = split_of(request, wanted, single);
  if (!route.ok() && !split.ok()) return connected(request) ? std::optional(Found()) : std::nullopt;

  Found found;
  const bool gains = route.ok() && (best == nullptr || !holds(*best, wanted) ||
                                    route->amount_out > best->amount_out.units);
  if (gains) found.path = leg_of(route->legs.front());
  for (std::size_t i = 0; split.ok() && i < split->legs.size(); ++i)
    found.split.push_back(leg_of(split->legs[i]));
  if (!route.ok()) return found;
  std::vector<RouteCandidate> others;
  for (const RouteCandidate& path : route->candidates) {
    const bool asked = (gains && path.chosen) || (split.ok() && split_has(*split, path));
    if (path.trades_all && !asked) others.push_back(path);
  }
  std::stable_sort(
      others.begin(), others.end(),
      [](const RouteCandidate& a, const RouteCandidate& b) { return a.alone > b.alone; });
  others.resize(std::min(others.size(), others_max));
  const auto text = [&](Units out) { return to_text(Decimal{out, wanted.output.decimals}); };
  const std::string winner =
      split.ok() ? "the split " + text(split->amount_out)
      : gains    ? "the best path " + text(route->amount_out)
                 : std::string(best->venue.view()) + " gives " + to_text(best->amount_out);
  for (const RouteCandidate& path : others) {
    VenueQuote& quote = found.others.emplace_back();
    quote.venue = graph_.venue(path.path.venue());
    quote.path = hops_of(path.path);
    quote.error = "not asked: its pools would give " + text(path.alone) + ", and " + winner;
    quote.lost_because = "no quote: " + quote.error;
  }
  return found;
}

HopPath RouteFinder::hops_of(const Path& path) const {
  HopPath hops;
  for (const PoolGraph::Edge& edge : path.hops())
    hops.push_back({graph_.pool(edge.pool), graph_.token(edge.to)});
  return hops;
}

}  // namespace oee
