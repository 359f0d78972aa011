// Chooses the paths among which a trade is split: at most legs_max that share no pool. Legs are
// transactions of their own and land in any order; without a common pool no leg changes what
// another one gets. Pure.
#pragma once

#include <vector>

#include "core/venue/routes/allocation.h"

namespace oee {

// The amount is split into this many parts for the choice. An amount of fewer units is split into
// units, and the result is exact.
inline constexpr Units choice_parts = 16;
// Paths among which legs are chosen, and sets of legs that are examined, the most promising first.
inline constexpr std::size_t contenders_max = 16;
inline constexpr int leg_sets_max = 1'024;
// Sets that are returned. Splitting finer than in parts raises a total by the square of a part,
// about: a set that falls short of the best by more than a part in 512 stays behind it.
inline constexpr std::size_t leg_choices_max = 3;

struct Contender {
  Path path;
  PathCurve curve;
  Units cost = 0;  // of a leg, in units of output
};

struct LegChoice {
  std::size_t size = 0;
  std::array<std::size_t, legs_max> contender{};  // positions, ascending
  Allocation allocation;                          // in whole parts of the amount, all of it
  Units step = 0;                                 // of one part
  bool near_best = false;                         // a finer split could make it the best
};

// The sets of legs with the largest outputs less costs, in parts of the amount, the best first:
// branch and bound over sets of disjoint paths, whose tables of outputs are combined by dynamic
// programming. Empty: no set yields more than it costs. When the liquidity does not suffice
// otherwise, the allocations may exceed paths' capacities by less than a part each. REQUIRES:
// contenders.size() <= contenders_max, amount > 0.
std::vector<LegChoice> choose_legs(std::span<const Contender> contenders, Units amount);

}  // namespace oee
