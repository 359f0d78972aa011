#include "core/venue/routes/route.h"

#include <algorithm>
#include <limits>

#include "core/venue/routes/split.h"

namespace oee {
namespace {

constexpr Units units_max = std::numeric_limits<Units>::max();

Result<TradeRoute> route_of(const Split& split, const CandidatePaths& paths) {
  TradeRoute route;
  if (split.legs.total_out() > units_max) return swap_overflow();
  for (std::size_t i = 0; i < split.legs.size; ++i) {
    if (split.legs.in[i] == 0) continue;
    const Contender& member = *split.members[i];
    route.legs.push_back({member.path, split.legs.in[i], split.legs.out[i], member.cost});
    route.cost = std::min(units_max - member.cost, route.cost) + member.cost;
  }
  route.amount_in = static_cast<Units>(split.legs.total_in());
  route.amount_out = static_cast<Units>(split.legs.total_out());
  if (route.amount_out == 0) return swap_rounds_to_zero();
  std::stable_sort(route.legs.begin(), route.legs.end(),
                   [](const RouteLeg& a, const RouteLeg& b) { return a.amount_in > b.amount_in; });
  route.paths_left_out = paths.found.left_out;
  route.candidates.reserve(paths.found.paths.size());
  for (const FoundPath& found : paths.found.paths) {
    const bool chosen = std::any_of(route.legs.begin(), route.legs.end(),
                                    [&](const RouteLeg& leg) { return leg.path == found.path; });
    route.candidates.push_back({found.path, found.out_whole, found.fits, chosen});
  }
  return route;
}

// The path that alone nets most of those that can trade the whole amount. nullptr: none can.
const FoundPath* best_single(const CandidatePaths& paths, Units& cost) {
  const FoundPath* best = nullptr;
  std::pair<Units, Units>
      most;  // net, then output: where legs cost more than they yield, nets are 0
  for (std::size_t i = 0; i < paths.found.paths.size(); ++i) {
    const FoundPath& found = paths.found.paths[i];
    const auto value = std::pair(paths.net(i), found.out_whole);
    if (!found.fits || (best != nullptr && value <= most)) continue;
    best = &found;
    most = value;
    cost = paths.costs[i];
  }
  return best;
}

Result<TradeRoute> least_route_of(const Split& split, const CandidatePaths& paths) {
  Result<TradeRoute> route = route_of(split, paths);
  if (route.ok()) route->exact_output = true;
  return route;
}

}  // namespace

Result<TradeRoute> best_route(const PoolGraph& graph, const RouteRequest& request) {
  OEE_TRY_ASSIGN(const CandidatePaths paths, find_candidates(graph, request, request.amount));
  std::vector<Contender> contenders = contenders_of(graph, paths, leg_changes_max);
  Split split = best_split(graph, paths, request.amount, contenders);
  Contender alone;
  if (const FoundPath* single = best_single(paths, alone.cost)) {
    alone.path = single->path;
    alone.curve = PathCurve(graph, single->path);
    const Split whole = single_split(alone, request.amount);
    if (split.legs.total_in() < request.amount || whole.net() >= split.net()) split = whole;
  }
  if (split.legs.total_in() < request.amount) {
    split = widest_split(contenders, request.amount);
  }
  if (const U128 in = split.legs.total_in(); in < request.amount) {
    return too_little_liquidity("input", static_cast<Units>(in), request.amount);
  }
  return route_of(split, paths);
}

Result<TradeRoute> best_path(const PoolGraph& graph, const RouteRequest& request,
                             std::size_t hops_min) {
  OEE_TRY_ASSIGN(CandidatePaths paths, find_candidates(graph, request, request.amount));
  CandidatePaths longer;
  longer.part = paths.part;
  longer.found.left_out = paths.found.left_out;
  for (std::size_t i = 0; i < paths.costs.size(); ++i) {
    if (paths.found.paths[i].path.size() < hops_min) continue;
    longer.found.paths.push_back(paths.found.paths[i]);
    longer.costs.push_back(paths.costs[i]);
  }
  if (longer.costs.empty()) {
    return Error{Errc::not_found, "no path of " + std::to_string(hops_min) + " pools or more"};
  }
  Contender alone;
  const FoundPath* best = best_single(longer, alone.cost);
  if (best == nullptr) return too_little_liquidity("input", 0, request.amount);
  alone.path = best->path;
  alone.curve = PathCurve(graph, best->path);
  return route_of(single_split(alone, request.amount), longer);
}

namespace {

// The largest amount of the request, at least `part_min`, of which `route_of` yields a route within
// the limit.
template <class RouteOf>
Result<TradeRoute> largest_within(const RouteRequest& request, const PriceLimit& limit,
                                  Units part_min, const RouteOf& route_of) {
  const auto holds = [&](const Result<TradeRoute>& route) {
    return route.ok() && limit.holds(route->amount_in, route->amount_out);
  };
  Result<TradeRoute> best = route_of(request);
  if (holds(best)) return best;
  if (!best.ok() && best.error().code != Errc::full) return best;
  best = Error{Errc::not_found, "no part of the amount holds the price limit"};
  Units held = part_min - 1;
  Units failed = request.amount;
  RouteRequest part = request;
  while (failed > held + 1) {
    part.amount = held + (failed - held) / 2;
    Result<TradeRoute> route = route_of(part);
    if (holds(route)) {
      held = part.amount;
      best = std::move(route);
    } else {
      failed = part.amount;
    }
  }
  return best;
}

}  // namespace

Result<TradeRoute> best_path_within(const PoolGraph& graph, const RouteRequest& request,
                                    std::size_t hops_min, const PriceLimit& limit, Units part_min) {
  return largest_within(request, limit, std::max<Units>(part_min, 1),
                        [&](const RouteRequest& part) { return best_path(graph, part, hops_min); });
}

Result<TradeRoute> best_route_within(const PoolGraph& graph, const RouteRequest& request,
                                     const PriceLimit& limit) {
  return largest_within(request, limit, 1,
                        [&](const RouteRequest& part) { return best_route(graph, part); });
}

Result<TradeRoute> least_route(const PoolGraph& graph, const RouteRequest& request) {
  OEE_TRY_ASSIGN(CandidatePaths paths, find_candidates(graph, request, 0));
  // Inputs take the place of outputs: the candidates show what each path would need alone.
  Units most = units_max;
  Contender alone;
  for (std::size_t i = 0; i < paths.found.paths.size(); ++i) {
    FoundPath& found = paths.found.paths[i];
    const PathCurve curve(graph, found.path);
    const auto in = curve.least_in(request.amount);
    found.fits = in.has_value();
    found.out_whole = in.value_or(0);
    if (!in || *in > most || (*in == most && alone.path.size() > 0)) continue;
    most = *in;
    alone = {found.path, curve, paths.costs[i]};
  }
  RouteRequest whole = request;
  whole.amount = most;
  OEE_TRY_ASSIGN(const CandidatePaths forward, find_candidates(graph, whole, most));
  std::vector<Contender> contenders = contenders_of(graph, forward, leg_changes_max);
  Split split = best_split(graph, forward, most, contenders);
  const bool one = alone.path.size() > 0;
  if (one && (split.legs.size < 2 || split.net() <= single_split(alone, most).net())) {
    return least_route_of(single_split(alone, most), paths);
  }
  const U128 possible = split.legs.total_out();
  if (possible < request.amount) {
    return too_little_liquidity("output", static_cast<Units>(possible), request.amount);
  }
  reduce_to(split, request.amount);
  if (one && split.legs.total_in() >= most) split = single_split(alone, most);
  return least_route_of(split, paths);
}

std::string to_text(const PoolGraph& graph, const RouteRequest& request, const Path& path) {
  std::string text(graph.venue(path.venue()).view());
  text += ": ";
  text += request.input.view();
  for (const PoolGraph::Edge& hop : path.hops()) {
    text += " > ";
    text += graph.token(hop.to).view();
    text += " by ";
    text += graph.pool(hop.pool).view();
  }
  return text;
}

namespace {

std::string compared(Units alone, const TradeRoute& route) {
  const Units chosen = route.exact_output ? route.amount_in : route.amount_out;
  std::string text = route.exact_output ? "alone it needs " : "alone it yields ";
  text += std::to_string(alone);
  const bool worse = route.exact_output ? alone > chosen : alone < chosen;
  const Units apart = alone > chosen ? alone - chosen : chosen - alone;
  const U128 bps = U128(apart) * 10'000 / chosen;
  const char* side = alone > chosen ? " more than" : " less than";
  if (apart == 0) return text + ", as the route does";
  text += bps == 0 ? ", under 1 bps" : ", " + std::to_string(static_cast<Units>(bps)) + " bps";
  text += side;
  text += " the route's " + std::to_string(chosen);
  return worse ? text : text + ", but nets less after costs";
}

}  // namespace

std::string lost_because(const PoolGraph& graph, const TradeRoute& route,
                         const RouteCandidate& candidate) {
  if (candidate.chosen) return {};
  std::string text = candidate.trades_all ? compared(candidate.alone, route)
                                          : std::string("alone it has too little liquidity");
  for (std::size_t i = 0; i < route.legs.size(); ++i) {
    if (const auto pool = candidate.path.shared_pool(route.legs[i].path)) {
      text += "; it shares the pool " + std::string(graph.pool(*pool).view()) + " with leg " +
              std::to_string(i + 1);
      break;
    }
  }
  return text;
}

}  // namespace oee
