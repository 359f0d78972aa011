// Splits an amount among paths that share no pool, so that the sum of their outputs is the largest:
// where all have the same marginal price, to the unit. Pure; no allocation.
#pragma once

#include "core/venue/routes/path.h"

namespace oee {

struct Allocation {
  std::size_t size = 0;
  std::array<Units, legs_max> in{};
  std::array<Units, legs_max> out{};

  U128 total_in() const;
  U128 total_out() const;
};

// Sets the outputs, and moves parts of `step` units between the legs while that raises their sum,
// then of half as many, down to `finest` units or until no step can gain more than a unit; the
// total input stays. Outputs are concave but for rounding, so the result of each step is within a
// few steps of the optimum (Hochbaum 1994, Lower and upper bounds for the allocation problem: a
// greedy allocation at one scale is near the optimal one of the next). `finest` 1 gives the result
// to the unit; afterwards units that yield nothing where they are go to a leg where they complete a
// unit of output. REQUIRES: allocation.size == curves.size() <= legs_max; the inputs sum to at most
// 2^64 - 1; finest > 0.
void balance(std::span<const PathCurve> curves, Units step, Units finest, Allocation& allocation);

}  // namespace oee
