#include "core/venue/routes/split.h"

#include <algorithm>
#include <limits>

#include "core/base/check.h"

namespace oee {
namespace {

constexpr Units units_max = std::numeric_limits<Units>::max();
constexpr int reduce_rounds_max = 64;

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
Change best_change(const PoolGraph& graph, const CandidatePaths& paths, const Split& split,
                   std::span<const std::size_t> tried) {
  const std::size_t size = split.legs.size;
  Units least_loss = units_max;
  for (std::size_t i = 0; i < size; ++i) {
    if (split.legs.in[i] <= paths.part) continue;
    const Units left = split.curves[i].out(split.legs.in[i] - paths.part);
    least_loss = std::min(least_loss, split.legs.out[i] - std::min(split.legs.out[i], left));
  }
  Change best;
  for (std::size_t i = 0; i < paths.found.paths.size(); ++i) {
    const Path& path = paths.found.paths[i].path;
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
        replaces ? out_through(graph, path, split.legs.in[place]) : paths.found.paths[i].out_part;
    const Units before = replaces ? split.legs.out[place] : least_loss;
    if (out <= before || out - before <= best.gain) continue;
    if (std::find(tried.begin(), tried.end(), i) != tried.end()) continue;
    best = {i, place, out - before};
  }
  return best;
}

// The choice sees paths by their outputs for the whole amount and a small part of it, and splits in
// parts. This looks at all paths again beside the legs, and takes in those that gain.
void change_legs(const PoolGraph& graph, const CandidatePaths& paths, Units amount,
                 std::vector<Contender>& contenders, Split& split) {
  std::array<std::size_t, leg_changes_max> tried{};
  for (std::size_t round = 0; round < leg_changes_max && split.legs.size > 0; ++round) {
    const Change change = best_change(graph, paths, split, {tried.data(), round});
    if (change.gain == 0) return;
    tried[round] = change.path;
    const Path& path = paths.found.paths[change.path].path;
    contenders.push_back({path, PathCurve(graph, path), paths.costs[change.path]});
    Split changed = split;
    changed.members[change.place] = &contenders.back();
    changed.curves[change.place] = contenders.back().curve;
    if (change.place == split.legs.size) {
      const auto giver =
          std::max_element(changed.legs.in.begin(), changed.legs.in.begin() + changed.legs.size);
      const Units part = std::min(paths.part, *giver);
      *giver -= part;
      changed.legs.in[changed.legs.size++] = part;
    }
    balance(changed.used_curves(), std::max<Units>(1, amount / 32), finest_of(amount / 16),
            changed.legs);
    fit_capacities(changed);
    if (changed.legs.total_in() == amount && changed.net() > split.net()) split = changed;
  }
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

// Regula falsi, in which an end that stays counts half (Illinois). Outputs are nearly
// straight lines, so a few rounds suffice. REQUIRES: shares.total_out() >= amount_out.
void reduce_total(Split& split, Units amount_out) {
  const Allocation shares = split.legs;
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

Split best_split(const PoolGraph& graph, const CandidatePaths& paths, Units amount,
                 std::vector<Contender>& contenders) {
  check(contenders.capacity() - contenders.size() >= leg_changes_max,
        "best_split: no room for the paths that are tried");
  Split split = coarse_split(contenders, choose_legs(contenders, amount));
  change_legs(graph, paths, amount, contenders, split);
  if (split.legs.size > 0) balance(split.used_curves(), finest_of(amount / 16), 1, split.legs);
  fit_capacities(split);
  return split;
}

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
  fit_capacities(split);
  return split;
}

Split single_split(const Contender& contender, Units amount_in) {
  Split split;
  split.members[0] = &contender;
  split.curves[0] = contender.curve;
  split.legs = {1, {amount_in}, {contender.curve.out(amount_in)}};
  return split;
}

void reduce_to(Split& split, Units amount_out) {
  reduce_total(split, amount_out);
  trim(split, amount_out);
}

}  // namespace oee
