// Searches: for the step of a curve, and for the border of a condition that, once it holds, holds
// for every larger number. Pure.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/decimal.h"

namespace oee {

// Of a curve's steps, with rising in_before and out_before from 0: the last one that begins at or
// before this input. REQUIRES (both): steps is not empty.
template <class Step>
const Step& step_of_input(const std::vector<Step>& steps, Units amount_in) {
  const auto after =
      std::upper_bound(steps.begin(), steps.end(), amount_in,
                       [](Units in, const Step& next) { return in < next.in_before; });
  return *(after - 1);
}

// The last one that begins below this output: its first unit is the least input that pays it.
// REQUIRES: amount_out > 0.
template <class Step>
const Step& step_of_output(const std::vector<Step>& steps, Units amount_out) {
  const auto after =
      std::lower_bound(steps.begin(), steps.end(), amount_out,
                       [](const Step& next, Units out) { return next.out_before < out; });
  return *(after - 1);
}

// The least n in (below, above] at which `holds`. REQUIRES: holds(above), not holds(below).
template <class Holds>
Units bisect_least(const Holds& holds, Units below, Units above) {
  while (above - below > 1) {
    const Units middle = below + (above - below) / 2;
    (holds(middle) ? above : below) = middle;
  }
  return above;
}

// The least n in [1, most] at which `holds`, found from `guess` in steps that double: a good guess
// costs a few evaluations. Empty: holds(most) is false. A condition that wavers around its border
// gives an n at which it holds and below which it does not.
template <class Holds>
std::optional<Units> least_where(const Holds& holds, Units guess, Units most) {
  if (most == 0) return std::nullopt;
  Units at = std::clamp<Units>(guess, 1, most);
  Units step = 1;
  if (holds(at)) {
    while (true) {
      const Units lower = at > step ? at - step : 0;
      if (lower == 0 || !holds(lower)) return bisect_least(holds, lower, at);
      at = lower;
      step *= 2;
    }
  }
  while (at < most) {
    const Units higher = most - at > step ? at + step : most;
    if (holds(higher)) return bisect_least(holds, at, higher);
    at = higher;
    if (step <= most / 2) step *= 2;
  }
  return std::nullopt;
}

}  // namespace oee
