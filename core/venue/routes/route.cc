#include "core/venue/routes/route.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/venue/routes/leg_choice.h"
#include "core/venue/routes/path_search.h"

namespace oee {
namespace {

constexpr Units units_max = std::numeric_limits<Units>::max();
constexpr int reduce_rounds_max = 64;
constexpr std::size_t changes_max = 8;  // of legs, after the choice

// The paths of a request, with what a leg of each venue costs.
struct Search {
  FoundPaths found;
  Units part = 0;            // that the paths were tried with: so small that it hardly moves prices
  std::vector<Units> costs;  // index: path

  Units net(std::size_t path) const {
    const Units out = found.paths[path].out_whole;
    return out > costs[path] ? out - costs[path] : 0;
  }
};

Result<Search> search_paths(const PoolGraph& graph, const RouteRequest& request, Units whole) {
  if (request.amount == 0) return swap_of_zero();
  if (request.input == request.output) {
    return Error{Errc::invalid, "the input and the output are the same token"};
  }
  Search search;
  const auto input = graph.token(request.input);
  const auto output = graph.token(request.output);
  if (input && output) {
    search.part = std::max(whole / 128, std::clamp<Units>(whole / legs_max, 1, 64));
    search.found = find_paths(graph, *input, *output, whole, search.part, paths_max);
  }
  if (search.found.paths.empty()) {
    return Error{Errc::not_found, "no pools connect " + std::string(request.input.view()) +
                                      " with " + std::string(request.output.view())};
  }
  for (const FoundPath& found : search.found.paths) {
    const VenueName& venue = graph.venue(found.path.venue());
    const auto cost = std::find_if(request.costs.begin(), request.costs.end(),
                                   [&](const LegCost& row) { return row.venue == venue; });
    search.costs.push_back(cost == request.costs.end() ? 0 : cost->cost);
  }
  return search;
}

// The paths among which legs are chosen: the best for the whole amount and the best for a part of
// it, in both cases with the best ones that share no pool with a better one, so that a deep pool
// that is part of many paths does not crowd out what could trade beside it.
class ContenderChoice {
 public:
  explicit ContenderChoice(const Search& search) : search_(search), order_(search.costs.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    taken_.resize(order_.size());
  }

  std::vector<std::size_t> run() {
    sort_by([this](std::size_t i) { return search_.net(i); });
    take_disjoint();
    sort_by([this](std::size_t i) { return search_.found.paths[i].out_part; });
    take_disjoint();
    for (const std::size_t i : order_) take(i);
    return std::move(chosen_);
  }

 private:
  template <class Key>
  void sort_by(const Key& key) {
    // Equal paths stay in the order in which they were found: the result depends on nothing else.
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  }
  const Path& path(std::size_t i) const { return search_.found.paths[i].path; }

  void take(std::size_t i) {
    if (taken_[i] || chosen_.size() == contenders_max) return;
    taken_[i] = true;
    chosen_.push_back(i);
  }
  void take_disjoint() {
    std::array<std::size_t, legs_max> apart{};
    std::size_t size = 0;
    for (const std::size_t i : order_) {
      const bool shares = std::any_of(apart.begin(), apart.begin() + size, [&](std::size_t other) {
        return path(i).shared_pool(path(other)).has_value();
      });
      if (shares) continue;
      take(i);
      apart[size++] = i;
      if (size == legs_max) return;
    }
  }

  const Search& search_;
  std::vector<std::size_t> order_;
  std::vector<bool> taken_;
  std::vector<std::size_t> chosen_;
};

std::vector<Contender> contenders_of(const PoolGraph& graph, const Search& search) {
  std::vector<Contender> contenders;
  contenders.reserve(contenders_max + changes_max);  // pointers to them stay valid
  for (const std::size_t i : ContenderChoice(search).run()) {
    const Path& path = search.found.paths[i].path;
    contenders.push_back({path, PathCurve(graph, path), search.costs[i]});
  }
  return contenders;
}

// The step to which splits are compared, of a part of the amount.
Units finest_of(Units part) {
  return std::max<Units>(1, part / 128);
}

Units out_through(const PoolGraph& graph, const Path& path, Units amount) {
  for (const PoolGraph::Edge& hop : path.hops()) {
    if (amount > graph.curve(hop).capacity()) return 0;
    amount = graph.curve(hop).out(amount);
  }
  return amount;
}

// A set of legs with their amounts.
struct Split {
  std::array<const Contender*, legs_max> members{};
  std::array<PathCurve, legs_max> curves{};
  Allocation legs;

  std::span<const PathCurve> used_curves() const { return {curves.data(), legs.size}; }
  Units cost() const {
    U128 sum = 0;
    for (std::size_t i = 0; i < legs.size; ++i) sum += members[i]->cost;
    return static_cast<Units>(std::min<U128>(sum, units_max));
  }
  U128 net() const {
    const U128 out = legs.total_out();
    return out > cost() ? out - cost() : 0;
  }
};

// Moves input that exceeds a leg's pools, or that yields nothing, to the other legs. Input that all
// of them cannot trade is taken out.
void fit_capacities(Split& split) {
  U128 excess = 0;
  std::array<Units, legs_max> room{};
  for (std::size_t i = 0; i < split.legs.size; ++i) {
    Units& in = split.legs.in[i];
    const Units capacity = split.legs.out[i] > 0 ? split.curves[i].capacity() : 0;
    excess += in > capacity ? in - capacity : 0;
    in = std::min(in, capacity);
    split.legs.out[i] = split.curves[i].out(in);
    room[i] = capacity - in;
  }
  for (std::size_t i = 0; i < split.legs.size && excess > 0; ++i) {
    const auto moved = static_cast<Units>(std::min<U128>(excess, room[i]));
    split.legs.in[i] += moved;
    split.legs.out[i] = split.curves[i].out(split.legs.in[i]);
    excess -= moved;
  }
}

// Sets of legs whose totals are close change places when their splits are refined: all are refined
// to a hundredth of a part, and the best of them is returned.
Split coarse_split(std::span<const Contender> contenders, std::span<const LegChoice> choices) {
  Split best;
  for (const LegChoice& choice : choices) {
    if (!choice.near_best) continue;
    Split split;
    split.legs = choice.allocation;
    for (std::size_t i = 0; i < choice.size; ++i) {
      split.members[i] = &contenders[choice.contender[i]];
      split.curves[i] = split.members[i]->curve;
    }
    balance(split.used_curves(), choice.step / 2, finest_of(choice.step), split.legs);
    if (best.legs.size == 0 || split.net() > best.net()) best = split;
  }
  return best;
}

// A path that could be a leg: in the place of leg `place`, or beside the others when that is their
// number.
struct Change {
  std::size_t path = 0;
  std::size_t place = 0;
  Units gain = 0;  // of the part that was tried; 0: no change gains
};

// The change that gains most among all paths: those that share no pool with a leg take `part` from
// the leg that loses least by it, those that share pools with one leg alone take its place.
Change best_change(const PoolGraph& graph, const Search& search, const Split& split,
                   std::span<const std::size_t> tried) {
  const std::size_t size = split.legs.size;
  Units least_loss = units_max;
  for (std::size_t i = 0; i < size; ++i) {
    if (split.legs.in[i] <= search.part) continue;
    const Units left = split.curves[i].out(split.legs.in[i] - search.part);
    least_loss = std::min(least_loss, split.legs.out[i] - std::min(split.legs.out[i], left));
  }
  Change best;
  for (std::size_t i = 0; i < search.found.paths.size(); ++i) {
    const Path& path = search.found.paths[i].path;
    std::size_t sharing = 0;
    std::size_t place = size;
    for (std::size_t leg = 0; leg < size; ++leg) {
      if (!path.shared_pool(split.members[leg]->path)) continue;
      ++sharing;
      place = leg;
    }
    if (sharing > 1 || (sharing == 0 && size == legs_max)) continue;
    const bool replaces = sharing == 1;
    if (replaces && path == split.members[place]->path) continue;
    const Units out =
        replaces ? out_through(graph, path, split.legs.in[place]) : search.found.paths[i].out_part;
    const Units before = replaces ? split.legs.out[place] : least_loss;
    if (out <= before || out - before <= best.gain) continue;
    if (std::find(tried.begin(), tried.end(), i) != tried.end()) continue;
    best = {i, place, out - before};
  }
  return best;
}

// The choice sees paths by their outputs for the whole amount and a small part of it, and splits in
// parts. This looks at all paths again beside the legs, and takes in those that gain.
void change_legs(const PoolGraph& graph, const Search& search, Units amount,
                 std::vector<Contender>& contenders, Split& split) {
  std::array<std::size_t, changes_max> tried{};
  for (std::size_t round = 0; round < changes_max && split.legs.size > 0; ++round) {
    const Change change = best_change(graph, search, split, {tried.data(), round});
    if (change.gain == 0) return;
    tried[round] = change.path;
    const Path& path = search.found.paths[change.path].path;
    contenders.push_back({path, PathCurve(graph, path), search.costs[change.path]});
    Split changed = split;
    changed.members[change.place] = &contenders.back();
    changed.curves[change.place] = contenders.back().curve;
    if (change.place == split.legs.size) {
      const auto giver =
          std::max_element(changed.legs.in.begin(), changed.legs.in.begin() + changed.legs.size);
      const Units part = std::min(search.part, *giver);
      *giver -= part;
      changed.legs.in[changed.legs.size++] = part;
    }
    balance(changed.used_curves(), std::max<Units>(1, amount / 32), finest_of(amount / 16),
            changed.legs);
    fit_capacities(changed);
    if (changed.legs.total_in() == amount && changed.net() > split.net()) split = changed;
  }
}

Split best_split(const PoolGraph& graph, const Search& search, Units amount,
                 std::vector<Contender>& contenders) {
  Split split = coarse_split(contenders, choose_legs(contenders, amount));
  change_legs(graph, search, amount, contenders, split);
  if (split.legs.size > 0) balance(split.used_curves(), finest_of(amount / 16), 1, split.legs);
  return split;
}

// The paths that together trade most, whatever they yield: for amounts that are too large for
// others.
Split widest_split(std::span<const Contender> contenders, Units amount) {
  Split split;
  std::size_t& size = split.legs.size;
  Units rest = amount;
  while (size < legs_max && rest > 0) {
    const Contender* widest = nullptr;
    for (const Contender& next : contenders) {
      const bool shares = std::any_of(
          split.members.begin(), split.members.begin() + size,
          [&](const Contender* other) { return next.path.shared_pool(other->path).has_value(); });
      if (shares || (widest && next.curve.capacity() <= widest->curve.capacity())) continue;
      widest = &next;
    }
    if (widest == nullptr) break;
    split.members[size] = widest;
    split.curves[size] = widest->curve;
    split.legs.in[size] = std::min(rest, widest->curve.capacity());
    rest -= split.legs.in[size++];
  }
  balance(split.used_curves(), std::max<Units>(1, amount / 16), 1, split.legs);
  return split;
}

Result<TradeRoute> route_of(const Split& split, const Search& search) {
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
  route.paths_left_out = search.found.left_out;
  route.candidates.reserve(search.found.paths.size());
  for (const FoundPath& found : search.found.paths) {
    const bool chosen = std::any_of(route.legs.begin(), route.legs.end(),
                                    [&](const RouteLeg& leg) { return leg.path == found.path; });
    route.candidates.push_back({found.path, found.out_whole, found.fits, chosen});
  }
  return route;
}

// The path that alone nets most of those that can trade the whole amount. nullptr: none can.
const FoundPath* best_single(const Search& search, Units& cost) {
  const FoundPath* best = nullptr;
  std::pair<Units, Units>
      most;  // net, output: every net is zero when a leg costs more than it yields
  for (std::size_t i = 0; i < search.found.paths.size(); ++i) {
    const FoundPath& found = search.found.paths[i];
    const auto value = std::pair(search.net(i), found.out_whole);
    if (!found.fits || (best != nullptr && value <= most)) continue;
    best = &found;
    most = value;
    cost = search.costs[i];
  }
  return best;
}

Split single_split(const Contender& contender, Units amount_in) {
  Split split;
  split.members[0] = &contender;
  split.curves[0] = contender.curve;
  split.legs = {1, {amount_in}, {contender.curve.out(amount_in)}};
  return split;
}

Result<TradeRoute> least_route_of(const Split& split, const Search& search) {
  Result<TradeRoute> route = route_of(split, search);
  if (route.ok()) route->exact_output = true;
  return route;
}

// Scales the legs to another total input, and balances them again.
U128 out_when_scaled(Split& split, const Allocation& shares, Units total) {
  const U128 whole = shares.total_in();
  Units rest = total;
  for (std::size_t i = 0; i < shares.size; ++i) {
    split.legs.in[i] = static_cast<Units>(U128(shares.in[i]) * total / whole);
    rest -= split.legs.in[i];
  }
  split.legs.in[0] += rest;
  balance(split.used_curves(), std::max<Units>(1, total / 64), 1, split.legs);
  return split.legs.total_out();
}

// Finds the least total input, in the proportions of `shares` and balanced, that yields
// `amount_out`: regula falsi, in which an end that stays counts half (Illinois). Outputs are nearly
// straight lines, so a few rounds suffice. REQUIRES: shares.total_out() >= amount_out.
void reduce_to(Split& split, const Allocation& shares, Units amount_out) {
  Allocation sufficient = shares;
  Units low = 0;
  Units high = static_cast<Units>(shares.total_in());
  U128 lacking = amount_out;                       // at low
  U128 surplus = shares.total_out() - amount_out;  // at high
  bool moved_high = false;
  for (int round = 0; round < reduce_rounds_max && high - low > 1 && surplus > 0; ++round) {
    const auto ahead =
        static_cast<Units>(*mul_div(high - low, lacking, lacking + surplus, Rounding::up));
    const Units total = low + std::clamp<Units>(ahead, 1, high - low - 1);
    const U128 out = out_when_scaled(split, shares, total);
    if (out >= amount_out) {
      if (moved_high) lacking = lacking / 2 + 1;
      high = total;
      surplus = out - amount_out;
      sufficient = split.legs;
      moved_high = true;
    } else {
      if (!moved_high && round > 0) surplus = surplus / 2 + 1;
      low = total;
      lacking = amount_out - out;
      moved_high = false;
    }
  }
  split.legs = sufficient;
}

// Takes from the legs what they yield beyond `amount_out`, from the one that saves most, and the
// units that yield nothing.
void trim(Split& split, Units amount_out) {
  const U128 total = split.legs.total_out();
  const Units excess = total > amount_out ? static_cast<Units>(total - amount_out) : 0;
  std::size_t best = 0;
  Units most_saved = 0;
  std::array<Units, legs_max> least{};
  for (std::size_t i = 0; i < split.legs.size; ++i) {
    const Units out = split.legs.out[i];
    const auto reduced = split.curves[i].least_in(out - std::min(out, excess));
    const Units saved = split.legs.in[i] - std::min(reduced.value_or(~Units{0}), split.legs.in[i]);
    if (saved < most_saved) continue;
    best = i;
    most_saved = saved;
  }
  split.legs.in[best] -= most_saved;
  split.legs.out[best] = split.curves[best].out(split.legs.in[best]);
  for (std::size_t i = 0; i < split.legs.size; ++i) {
    least[i] = split.curves[i].least_in(split.legs.out[i]).value_or(split.legs.in[i]);
    split.legs.in[i] = std::min(split.legs.in[i], least[i]);
    split.legs.out[i] = split.curves[i].out(split.legs.in[i]);
  }
}

}  // namespace

Result<TradeRoute> best_route(const PoolGraph& graph, const RouteRequest& request) {
  OEE_TRY_ASSIGN(const Search search, search_paths(graph, request, request.amount));
  std::vector<Contender> contenders = contenders_of(graph, search);
  Split split = best_split(graph, search, request.amount, contenders);
  fit_capacities(split);
  Contender alone;
  if (const FoundPath* single = best_single(search, alone.cost)) {
    alone.path = single->path;
    alone.curve = PathCurve(graph, single->path);
    const Split whole = single_split(alone, request.amount);
    if (split.legs.total_in() < request.amount || whole.net() >= split.net()) split = whole;
  }
  if (split.legs.total_in() < request.amount) {
    split = widest_split(contenders, request.amount);
    fit_capacities(split);
  }
  if (const U128 in = split.legs.total_in(); in < request.amount) {
    return too_little_liquidity("input", static_cast<Units>(in), request.amount);
  }
  return route_of(split, search);
}

Result<TradeRoute> best_route_within(const PoolGraph& graph, const RouteRequest& request,
                                     const PriceLimit& limit) {
  const auto holds = [&](const Result<TradeRoute>& route) {
    return route.ok() && limit.holds(route->amount_in, route->amount_out);
  };
  Result<TradeRoute> best = best_route(graph, request);
  if (holds(best)) return best;
  if (!best.ok() && best.error().code != Errc::full) return best;
  best = Error{Errc::not_found, "no part of the amount holds the price limit"};
  Units held = 0;
  Units failed = request.amount;
  RouteRequest part = request;
  while (failed - held > 1) {
    part.amount = held + (failed - held) / 2;
    Result<TradeRoute> route = best_route(graph, part);
    if (holds(route)) {
      held = part.amount;
      best = std::move(route);
    } else {
      failed = part.amount;
    }
  }
  return best;
}

Result<TradeRoute> least_route(const PoolGraph& graph, const RouteRequest& request) {
  OEE_TRY_ASSIGN(Search search, search_paths(graph, request, 0));
  // Inputs take the place of outputs: the candidates show what each path would need alone.
  Units most = units_max;
  Contender alone;
  for (std::size_t i = 0; i < search.found.paths.size(); ++i) {
    FoundPath& found = search.found.paths[i];
    const PathCurve curve(graph, found.path);
    const auto in = curve.least_in(request.amount);
    found.fits = in.has_value();
    found.out_whole = in.value_or(0);
    if (!in || *in > most || (*in == most && alone.path.size() > 0)) continue;
    most = *in;
    alone = {found.path, curve, search.costs[i]};
  }
  RouteRequest whole = request;
  whole.amount = most;
  OEE_TRY_ASSIGN(const Search forward, search_paths(graph, whole, most));
  std::vector<Contender> contenders = contenders_of(graph, forward);
  Split split = best_split(graph, forward, most, contenders);
  const bool one = alone.path.size() > 0;
  if (one && (split.legs.size < 2 || split.net() <= single_split(alone, most).net())) {
    return least_route_of(single_split(alone, most), search);
  }
  fit_capacities(split);
  const Allocation shares = split.legs;
  const U128 possible = shares.total_out();
  if (possible < request.amount) {
    return too_little_liquidity("output", static_cast<Units>(possible), request.amount);
  }
  reduce_to(split, shares, request.amount);
  trim(split, request.amount);
  if (one && split.legs.total_in() >= most)
    return least_route_of(single_split(alone, most), search);
  return least_route_of(split, search);
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
