// The executor's routes: the paths of several pools and the splits that are compared with the
// venues' own quotes, and the legs of a split attempt.
#include <algorithm>

#include "core/exec/executor.h"

namespace oee {

std::optional<RouteRound> Executor::ask_routes(const QuoteRequest& request, bool may_be_split,
                                               std::span<const VenueQuote> quotes) {
  if (request.exact_out > 0) return std::nullopt;
  const SteadyTime now = clock_.steady_now();
  RouteFinder::Wanted wanted;
  wanted.input = request.input;
  wanted.output = request.output;
  wanted.amount = request.amount_in;
  wanted.least_out = request.least_out;
  wanted.part_min = request.part_min;
  const auto left_out = [&](const VenueDesk& desk) {
    return desk.halted || desk.live.size() >= options_.live_attempts_max ||
           desk.breaker_state(VenueMetrics::quote) != CircuitBreaker::State::closed ||
           desk.refusal(VenueMetrics::submit, now, clock_.now());
  };
  wanted.may_be_split = may_be_split;
  for (const VenueDesk& desk : desks_) {
    if (left_out(desk)) {
      wanted.without.emplace_back(desk.venue.name());
      continue;
    }
    // A probe is one transaction, and a split may have several at a venue.
    wanted.may_be_split &=
        desk.breaker_state(VenueMetrics::submit) == CircuitBreaker::State::closed;
  }
  for (const Halt& halt : halts_.in_force())
    if (halt.scope == HaltScope::token) wanted.without_tokens.emplace_back(halt.value);
  std::optional<RouteFinder::Found> found = routes_.find(wanted, quotes);
  if (!found) return std::nullopt;
  RouteRound routes;
  routes.others = std::move(found->others);
  routes.leg_gain_min_bps = options_.routes.leg_gain_min_bps;
  const std::size_t legs = found->split.size() + (found->path ? 1 : 0);
  if (legs == 0) return routes;
  routes.round.emplace(quotes_, answers_, legs, now);
  if (found->path) ask_leg(request, *std::move(found->path), *routes.round, routes.path, 0);
  for (RouteFinder::Leg& leg : found->split) {
    const std::size_t at = routes.path.size() + routes.split.size();
    ask_leg(request, std::move(leg), *routes.round, routes.split, at);
  }
  return routes;
}

void Executor::ask_leg(const QuoteRequest& request, RouteFinder::Leg leg, QuoteRound& round,
                       std::vector<RouteRound::Leg>& legs, std::size_t at) {
  const auto found = std::find_if(desks_.begin(), desks_.end(), [&](const VenueDesk& each) {
    return each.venue.name() == leg.venue.view();
  });
  check(found != desks_.end(), "the pools are of the executor's venues");
  VenueDesk& desk = *found;
  const auto venue = static_cast<std::size_t>(found - desks_.begin());
  QuoteRequest of_leg;
  of_leg.input = request.input;
  of_leg.output = request.output;
  of_leg.amount_in = leg.amount;
  of_leg.path = leg.path;
  legs.push_back({std::move(leg), venue, at});
  const SteadyTime now = clock_.steady_now();
  // The quote of another leg at this venue may have failed already.
  if (std::optional<Error> refusal = desk.refusal(VenueMetrics::quote, now, clock_.now()))
    return round.set(at, *std::move(refusal));
  desk.begin(VenueMetrics::quote, now);
  round.ask_at(at, venue, desk.venue.quote(of_leg));
}

std::optional<RouteRound> Executor::ask_routes(OrderId id, const QuoteRequest& request,
                                               const Asking& asking) {
  const Order* order = orders_.find(id);
  if (order == nullptr || order->version != asking.version || !may_be_quoted(*order))
    return std::nullopt;
  return ask_routes(request, may_be_split(*order), quotes_of(*order, asking));
}

// The one that was asked for, and those that were not.
void Executor::add_paths(const Order& order, const Asking& asking,
                         std::vector<VenueQuote>& quotes) const {
  const RouteRound& routes = *asking.routes;
  const std::size_t first = quotes.size();
  routes.append_paths(quotes, order.input, order.output, asking.amount);
  if (routes.path.empty()) return;
  VenueQuote& quote = quotes[first];
  if (!quote.amount_in && asking.amount.units < order.remaining()) quote.amount_in = asking.amount;
  // Others have gone there since the venue was asked.
  if (quote.error.empty()) quote.error = without_room(desks_[routes.path.front().venue]);
}

bool Executor::choose_split(const Order& order, const Asking& asking,
                            std::vector<VenueQuote>& quotes, RouteChoice& choice) const {
  const RouteRound& routes = *asking.routes;
  if (routes.split.empty()) return false;
  const auto first = static_cast<std::uint32_t>(quotes.size());
  routes.append_split(quotes, order.input, order.output, asking.amount);
  // Its limit when the split is its first quote.
  Order limit = order;
  if (!limit.first_expected_out) {
    const FirstQuote quote = first_quote_of<std::string>(
        quotes, first, static_cast<std::uint32_t>(routes.split.size()), order.remaining());
    limit.first_expected_out = quote.amount_out;
    limit.first_quoted_in = quote.amount_in;
  }
  for (std::size_t i = 0; i < routes.split.size(); ++i) {
    VenueQuote& quote = quotes[first + i];
    if (!quote.error.empty()) continue;
    const VenueDesk& desk = desks_[routes.split[i].venue];
    const auto before =
        std::count_if(routes.split.begin(), routes.split.begin() + static_cast<std::ptrdiff_t>(i),
                      [&](const auto& leg) { return leg.venue == routes.split[i].venue; });
    quote.error = without_room(desk, static_cast<std::size_t>(before));
    // A probe is one transaction: its circuit breaker may have opened since the venues were asked.
    if (quote.error.empty() &&
        desk.breaker_state(VenueMetrics::submit) != CircuitBreaker::State::closed)
      quote.error = "its circuit breaker is not closed";
    // Each leg holds the price limit by itself, because the others may not be filled.
    const Units least = least_out(limit, routes.split[i].leg.amount);
    if (quote.error.empty() && quote.amount_out.units < least)
      quote.error = "its output " + to_text(quote.amount_out) + " is below the least output " +
                    to_text(Decimal{least, order.output.decimals});
  }
  // A quote of a part sells less than the split does.
  const bool suffices = choice.chosen && choice.beyond_limit.empty() &&
                        amount_of(order, quotes[*choice.chosen]) >= asking.amount.units;
  if (!oee::choose_split(quotes, choice.chosen, suffices, first, routes.leg_gain_min_bps))
    return false;
  choice.chosen = first;
  return true;
}

void Executor::add_split(AppendBuilder& builder, const Asking& asking, std::uint32_t first,
                         std::vector<VenueQuote> quotes) {
  std::vector<LegQuote> legs;
  for (std::size_t i = 0; i < asking.routes->split.size(); ++i) {
    const Result<Quote>& answer = asking.routes->answer(asking.routes->split[i]);
    legs.push_back({quotes[first + i], answer->height + answer->valid_for});
  }
  RouteSelected selected;
  selected.attempt = asking.attempt;
  selected.chosen = first;
  selected.legs = static_cast<std::uint32_t>(legs.size());
  selected.quotes = std::move(quotes);
  const WallTime now = clock_.now();
  builder.add(std::move(selected), now);
  for (Event& event : build_legs(builder.order(), asking.attempt, legs))
    builder.add(std::move(event), now);
}

}  // namespace oee
