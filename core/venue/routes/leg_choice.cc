#include "core/venue/routes/leg_choice.h"

#include <bit>

#include "core/base/check.h"

namespace oee {
namespace {

// Outputs are compared in 64 bits with a sign, which is several times as fast as in 128. Those of
// more than 58 bits lose their lowest ones: the choice is then as good as 58 bits tell, and amounts
// are exact later.
using Value = std::int64_t;
constexpr int value_bits = 58;

// Outputs by number of parts, 0..parts.
using Table = std::array<Value, choice_parts + 1>;

// That many parts cannot be traded; sums with it are negative too. No table holds less.
constexpr Value impossible = -(Value{1} << (value_bits + 2));

Table filled(Value value) {
  Table table;
  table.fill(value);
  return table;
}

class Search {
 public:
  // `beyond`: whether a path may take a part that it can trade the beginning of only.
  Search(std::span<const Contender> contenders, Units amount, bool beyond)
      : contenders_(contenders),
        amount_(amount),
        beyond_(beyond),
        parts_(static_cast<std::size_t>(std::min<Units>(choice_parts, amount))) {
    Units most = 0;
    for (const Contender& contender : contenders) {
      most = std::max({most, contender.curve.out(amount), contender.cost});
    }
    shift_ = std::max(0, static_cast<int>(std::bit_width(most)) - value_bits);
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      outputs_[i] = outputs_of(contenders[i].curve);
      for (std::size_t j = 0; j < contenders.size(); ++j) {
        const bool shared = contenders[i].path.shared_pool(contenders[j].path).has_value();
        if (i != j && shared) conflicts_[i] |= 1u << j;
      }
    }
    compute_bounds();
  }

  std::vector<LegChoice> run() {
    Table nothing = filled(impossible);
    nothing[0] = 0;
    extend(nothing, 0, 0, 0, Set{});
    std::vector<LegChoice> choices;
    for (const Ranked& ranked : best_) {
      if (ranked.set.size == 0) break;
      const bool near = best_[0].net - ranked.net <= best_[0].net / 512;
      choices.push_back({ranked.set.size, ranked.set.members, {}, input(1), near});
      allocate(choices.back());
    }
    return choices;
  }

 private:
  struct Set {
    std::size_t size = 0;
    std::array<std::size_t, legs_max> members{};
  };

  struct Ranked {
    Value net = 0;
    Set set;
  };

  // The input of `parts` parts; all parts are the whole amount.
  Units input(std::size_t parts) const {
    return static_cast<Units>(U128(amount_) * parts / parts_);
  }

  Table outputs_of(const PathCurve& curve) const {
    Table table = filled(impossible);
    table[0] = 0;
    for (std::size_t k = 1; k <= parts_; ++k) {
      if (beyond_ ? input(k - 1) >= curve.capacity() : input(k) > curve.capacity()) break;
      const Units out = curve.out(input(k));
      if (out > 0)
        table[k] =
            static_cast<Value>(out >> shift_);  // no venue executes a trade that rounds to zero
    }
    return table;
  }

  // bounds_[i][l]: the outputs that at most l of the contenders from i on could yield if no two of
  // them shared a pool.
  void compute_bounds() {
    Table nothing = filled(impossible);
    nothing[0] = 0;
    bounds_[contenders_.size()].fill(nothing);
    for (auto& bounds : bounds_) bounds[0] = nothing;
    for (std::size_t i = contenders_.size(); i-- > 0;) {
      for (std::size_t legs = 1; legs <= legs_max; ++legs) {
        bounds_[i][legs] = combined(bounds_[i + 1][legs - 1], outputs_[i], 0);
        for (std::size_t k = 0; k <= parts_; ++k) {
          bounds_[i][legs][k] = std::max(bounds_[i][legs][k], bounds_[i + 1][legs][k]);
        }
      }
    }
  }

  // Both tables share k parts in the best way; the second takes at least `least` of them.
  Table combined(const Table& first, const Table& second, std::size_t least) const {
    Table best = filled(impossible);
    for (std::size_t k = least; k <= parts_; ++k) {
      for (std::size_t j = least; j <= k; ++j)
        best[k] = std::max(best[k], first[k - j] + second[j]);
    }
    return best;
  }

  Value most_with(const Table& table, std::size_t next, std::size_t legs_left) const {
    Value most = impossible;
    const Table& rest = bounds_[next][legs_left];
    for (std::size_t k = 0; k <= parts_; ++k) {
      most = std::max(most, table[k] + rest[parts_ - k]);
    }
    return most;
  }

  // `table` is that of `set`, whose costs are `cost`; `banned` are the contenders that share its
  // pools.
  void extend(const Table& table, Value cost, std::uint32_t banned, std::size_t from,
              const Set& set) {
    if (set.size == legs_max) return;
    for (std::size_t i = from; i < contenders_.size(); ++i) {
      if ((banned >> i & 1) != 0) continue;
      if (most_with(table, i, legs_max - set.size) <= best_.back().net + cost) return;
      if (sets_++ >= leg_sets_max) return;
      const Table with = combined(table, outputs_[i], 1);
      const Value with_cost = cost + static_cast<Value>(contenders_[i].cost >> shift_);
      Set larger = set;
      larger.members[larger.size++] = i;
      rank({with[parts_] - with_cost, larger});
      extend(with, with_cost, banned | conflicts_[i], i + 1, larger);
    }
  }

  void rank(const Ranked& found) {
    for (std::size_t i = 0; i < best_.size(); ++i) {
      if (found.net <= best_[i].net) continue;
      std::move_backward(best_.begin() + i, best_.end() - 1, best_.end());
      best_[i] = found;
      return;
    }
  }

  // The parts of each member, found backwards through the tables of the first members.
  void allocate(LegChoice& choice) const {
    choice.allocation.size = choice.size;
    std::array<Table, legs_max + 1> tables;
    tables[0] = filled(impossible);
    tables[0][0] = 0;
    for (std::size_t n = 0; n < choice.size; ++n) {
      tables[n + 1] = combined(tables[n], outputs_[choice.contender[n]], 1);
    }
    std::size_t left = parts_;
    for (std::size_t n = choice.size; n-- > 0;) {
      const Table& own = outputs_[choice.contender[n]];
      std::size_t take = 1;
      while (tables[n][left - take] + own[take] != tables[n + 1][left]) ++take;
      choice.allocation.in[n] = input(left) - input(left - take);
      left -= take;
    }
  }

  const std::span<const Contender> contenders_;
  const Units amount_;
  const bool beyond_;
  const std::size_t parts_;
  int shift_ = 0;
  std::array<Table, contenders_max> outputs_{};
  std::array<std::uint32_t, contenders_max> conflicts_{};
  std::array<std::array<Table, legs_max + 1>, contenders_max + 1> bounds_{};
  std::array<Ranked, leg_choices_max> best_{};  // the best first
  int sets_ = 0;
};

}  // namespace

std::vector<LegChoice> choose_legs(std::span<const Contender> contenders, Units amount) {
  check(contenders.size() <= contenders_max && amount > 0, "choose_legs: out of range");
  std::vector<LegChoice> choices = Search(contenders, amount, false).run();
  if (!choices.empty()) return choices;
  // Whole parts may leave liquidity unused that the amount needs.
  return Search(contenders, amount, true).run();
}

}  // namespace oee
