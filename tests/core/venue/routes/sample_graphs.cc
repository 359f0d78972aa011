#include "tests/core/venue/routes/sample_graphs.h"

#include "core/base/check.h"

namespace oee {

SampleMarket sample_market(std::uint64_t seed, std::size_t tokens, std::size_t pools,
                           std::size_t venues, Units size, std::uint32_t worth) {
  SampleMarket market;
  SamplePools sample(seed);
  std::uint32_t root = 1;
  while ((root + 1) * (root + 1) <= worth) ++root;
  const auto value = [&](std::uint64_t token) {
    return token == 0 ? worth : token == 1 ? 1 : root;
  };
  for (std::size_t i = 0; i < pools; ++i) {
    const std::uint64_t one = sample.below(tokens);
    const std::uint64_t other = (one + 1 + sample.below(tokens - 1)) % tokens;
    const std::uint64_t a = std::min(one, other);
    const std::uint64_t b = std::max(one, other);
    const auto near = static_cast<std::uint32_t>(96 + sample.below(9));
    const std::uint32_t price = std::max<std::uint32_t>(1, near * value(a) / value(b));
    const Units depth = std::max<Units>(16, size / 4 + sample.below(size));
    // Every second market has constant-product pools alone, in which an amount moves the price
    // most.
    const bool simple = seed % 2 == 0 || worth > 1;
    const int kind = simple ? 0 : static_cast<int>(sample.below(SamplePools::kinds));
    OpenPool pool{PoolName("P" + std::to_string(i)),
                  VenueName("venue" + std::to_string(sample.below(venues))),
                  Symbol("T" + std::to_string(a)), Symbol("T" + std::to_string(b)),
                  sample.pool(kind, depth, price)};
    if (worth > 1) std::get<ConstantProductPool>(pool.state).fee_per_million = 0;
    check(market.graph.put(pool).ok(), "sample_market: put");
    market.pools.push_back(std::move(pool));
  }
  market.request = {"T0", "T1", 0, {}};
  return market;
}

std::optional<Units> swapped_out(const SampleMarket& market, const Path& path, Units amount_in) {
  for (const PoolGraph::Edge& hop : path.hops()) {
    const auto swap = swap_exact_in(market.pools[hop.pool].state, hop.direction, amount_in);
    if (!swap.ok()) return std::nullopt;
    amount_in = swap->amount_out;
  }
  return amount_in;
}

namespace {

using Outputs = std::vector<std::int64_t>;  // by input; negative: refused

struct Exhaustive {
  const std::vector<RouteCandidate>& candidates;
  const std::vector<Outputs>& outputs;
  const std::vector<std::int64_t>& costs;
  std::int64_t best = 0;

  void extend(std::size_t from, std::vector<std::size_t>& set, const Outputs& table,
              std::int64_t cost) {
    best = std::max(best, table.back() - cost);
    if (set.size() == legs_max) return;
    for (std::size_t i = from; i < candidates.size(); ++i) {
      const bool shares = std::any_of(set.begin(), set.end(), [&](std::size_t other) {
        return candidates[i].path.shared_pool(candidates[other].path).has_value();
      });
      if (shares) continue;
      Outputs with(table.size(), -1);
      for (std::size_t k = 0; k < table.size(); ++k) {
        for (std::size_t j = 0; j <= k; ++j) {
          if (table[k - j] < 0 || outputs[i][j] < 0) continue;
          with[k] = std::max(with[k], table[k - j] + outputs[i][j]);
        }
      }
      set.push_back(i);
      extend(i + 1, set, with, cost + costs[i]);
      set.pop_back();
    }
  }
};

}  // namespace

Units exhaustive_net(const SampleMarket& market, const TradeRoute& route) {
  std::vector<Outputs> outputs;
  std::vector<std::int64_t> costs;
  const std::size_t inputs = market.request.amount + 1;
  for (const RouteCandidate& candidate : route.candidates) {
    Outputs& own = outputs.emplace_back(inputs, -1);
    for (Units in = 1; in < inputs; ++in) {
      if (const auto out = swapped_out(market, candidate.path, in)) {
        own[in] = static_cast<std::int64_t>(*out);
      }
    }
    std::int64_t cost = 0;
    for (const LegCost& row : market.request.costs) {
      if (row.venue == market.graph.venue(candidate.path.venue())) {
        cost = static_cast<std::int64_t>(row.cost);
      }
    }
    costs.push_back(cost);
  }
  Exhaustive search{route.candidates, outputs, costs};
  std::vector<std::size_t> set;
  Outputs nothing(inputs, -1);
  nothing[0] = 0;
  search.extend(0, set, nothing, 0);
  return static_cast<Units>(search.best);
}

}  // namespace oee
