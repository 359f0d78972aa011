#include "core/venue/routes/allocation.h"

#include <limits>

#include "core/base/check.h"

namespace oee {
namespace {

// A few suffice where outputs are concave. They are not where a bin pool's variable fee falls on
// the way.
constexpr int moves_max = 64;

// The gain of a leg from one step more, and its loss from one step less.
struct Margin {
  Units gain = 0;
  Units out_up = 0;
  Units loss = 0;
  Units out_down = 0;
  bool can_give = false;
};

Units without_wrap(Units larger, Units smaller) {
  return larger > smaller ? larger - smaller : 0;
}

Margin margin_of(const PathCurve& curve, Units in, Units out, Units step) {
  Margin margin;
  if (step <= std::numeric_limits<Units>::max() - in) {
    margin.out_up = curve.out(in + step);
    margin.gain = without_wrap(margin.out_up, out);
  }
  if (in >= step) {
    margin.out_down = curve.out(in - step);
    margin.loss = without_wrap(out, margin.out_down);
    // A leg that still takes input must yield something: no venue executes a trade that rounds to
    // zero.
    margin.can_give = margin.out_down > 0 || in == step || out == 0;
  }
  return margin;
}

struct Move {
  std::size_t from = legs_max;
  std::size_t to = legs_max;
};

// The pair of legs between which a step gains most. Legs are few: all pairs are compared.
Move best_move(const std::array<Margin, legs_max>& margins, std::size_t size) {
  Move best;
  Units most = 0;
  for (std::size_t to = 0; to < size; ++to) {
    for (std::size_t from = 0; from < size; ++from) {
      if (from == to || !margins[from].can_give) continue;
      const Units more = without_wrap(margins[to].gain, margins[from].loss);
      if (more > most) {
        most = more;
        best = {from, to};
      }
    }
  }
  return best;
}

// Returns a bound on what moves of smaller steps can still gain, if outputs are concave: such a
// move gives a leg at most what the last step gave it, and takes from another at least what a next
// step would give.
Units balance_by(std::span<const PathCurve> curves, Units step, Allocation& legs) {
  std::array<Margin, legs_max> margins;
  for (std::size_t i = 0; i < legs.size; ++i) {
    margins[i] = margin_of(curves[i], legs.in[i], legs.out[i], step);
  }
  for (int moves = 0; moves < moves_max; ++moves) {
    const Move move = best_move(margins, legs.size);
    if (move.to == legs_max) break;
    legs.in[move.from] -= step;
    legs.out[move.from] = margins[move.from].out_down;
    legs.in[move.to] += step;
    legs.out[move.to] = margins[move.to].out_up;
    for (const std::size_t i : {move.from, move.to}) {
      margins[i] = margin_of(curves[i], legs.in[i], legs.out[i], step);
    }
  }
  Units most_given = 0;
  Units least_taken = std::numeric_limits<Units>::max();
  for (std::size_t i = 0; i < legs.size; ++i) {
    if (legs.in[i] < step) return std::numeric_limits<Units>::max();
    most_given = std::max(most_given, margins[i].loss);
    least_taken = std::min(least_taken, margins[i].gain);
  }
  return without_wrap(most_given, least_taken);
}

// Collects the units that yield nothing and gives them to the leg that needs the fewest for one
// more unit of output, while they suffice; the first leg takes the rest.
void use_spare_units(std::span<const PathCurve> curves, Allocation& legs) {
  Units spare = 0;
  for (std::size_t i = 0; i < legs.size; ++i) {
    const auto least = curves[i].least_in(legs.out[i]);
    if (!least || *least >= legs.in[i]) continue;
    spare += legs.in[i] - *least;
    legs.in[i] = *least;
    legs.out[i] = curves[i].out(*least);
  }
  for (int rounds = 0; rounds < moves_max && spare > 0; ++rounds) {
    std::size_t cheapest = legs.size;
    Units fewest = spare;
    for (std::size_t i = 0; i < legs.size; ++i) {
      const auto next = curves[i].least_in(legs.out[i] + 1);
      if (!next || *next < legs.in[i] || *next - legs.in[i] > fewest) continue;
      if (cheapest < legs.size && *next - legs.in[i] == fewest) continue;
      cheapest = i;
      fewest = *next - legs.in[i];
    }
    if (cheapest == legs.size) break;
    legs.in[cheapest] += fewest;
    legs.out[cheapest] = curves[cheapest].out(legs.in[cheapest]);
    spare -= fewest;
    if (fewest == 0) break;
  }
  legs.in[0] += spare;
  legs.out[0] = curves[0].out(legs.in[0]);
}

}  // namespace

U128 Allocation::total_in() const {
  U128 total = 0;
  for (std::size_t i = 0; i < size; ++i) total += in[i];
  return total;
}

U128 Allocation::total_out() const {
  U128 total = 0;
  for (std::size_t i = 0; i < size; ++i) total += out[i];
  return total;
}

void balance(std::span<const PathCurve> curves, Units step, Units finest, Allocation& allocation) {
  check(allocation.size == curves.size() && allocation.size <= legs_max,
        "balance: one curve for each leg");
  for (std::size_t i = 0; i < allocation.size; ++i) {
    allocation.out[i] = curves[i].out(allocation.in[i]);
  }
  if (allocation.size < 2) return;
  for (; step >= finest; step /= 2) {
    if (balance_by(curves, step, allocation) <= 1) break;
  }
  if (finest > 1) return;
  Allocation polished = allocation;
  use_spare_units(curves, polished);
  if (polished.total_out() >= allocation.total_out()) allocation = polished;
}

}  // namespace oee
