// Sets of legs with their amounts: the best one for an amount, and the other ones that routes need.
// Pure.
#pragma once

#include "core/venue/routes/candidate_paths.h"

namespace oee {

// Legs that share no pool. Its members live in the vector that it was made from.
struct Split {
  std::array<const Contender*, legs_max> members{};
  std::array<PathCurve, legs_max> curves{};
  Allocation legs;

  std::span<const PathCurve> used_curves() const { return {curves.data(), legs.size}; }
  Units cost() const {
    U128 sum = 0;
    for (std::size_t i = 0; i < legs.size; ++i) sum += members[i]->cost;
    return static_cast<Units>(std::min<U128>(sum, ~Units{0}));
  }
  U128 net() const {
    const U128 out = legs.total_out();
    return out > cost() ? out - cost() : 0;
  }
};

// The legs that net most for the amount. Adds to `contenders` what it tries beside them. Empty, or
// of a smaller total input: no set within the liquidity nets anything. REQUIRES: `contenders` has
// room for leg_changes_max more.
inline constexpr std::size_t leg_changes_max = 8;
Split best_split(const PoolGraph& graph, const CandidatePaths& paths, Units amount,
                 std::vector<Contender>& contenders);

// The paths that together trade most, whatever they yield: for amounts that are too large for
// others.
Split widest_split(std::span<const Contender> contenders, Units amount);

Split single_split(const Contender& contender, Units amount_in);

// Reduces the input to the least one, in these proportions and balanced, that yields `amount_out`;
// no leg can then give up a unit of input. REQUIRES: the legs yield at least `amount_out`.
void reduce_to(Split& split, Units amount_out);

}  // namespace oee
