// The open pools of all venues as a graph: tokens are its nodes, each direction of a pool is an
// edge. A pool's curves are prepared when its state changes, so that a route costs evaluations
// only. One thread.
#pragma once

#include <optional>
#include <vector>

#include "core/order/event.h"
#include "core/venue/pools/pool_state.h"

namespace oee {

struct OpenPool {
  PoolName name;
  VenueName venue;
  Symbol token_a;
  Symbol token_b;
  PoolState state;
};

class PoolGraph {
 public:
  static constexpr std::size_t pools_max = 1'024;

  using Index = std::uint16_t;  // of a pool, a token or a venue: its position below

  // One direction of a pool.
  struct Edge {
    Index pool = 0;
    Direction direction{};
    Index to = 0;  // token
    Index venue = 0;
    friend bool operator==(const Edge&, const Edge&) = default;
  };

  // Adds a pool, or replaces the state of the pool of that name. Costs some microseconds: one step
  // for each bin or tick. invalid: the state is not valid (validate()), both tokens are the same,
  // or a pool of that name has other tokens or another venue. full: pools_max.
  Result<void> put(const OpenPool& pool);
  // Takes the pool out of all routes; its name stays taken.
  void close(const PoolName& name);

  // Empty: no open pool has had such a token.
  std::optional<Index> token(const Symbol& symbol) const;
  const Symbol& token(Index token) const { return tokens_[token]; }
  const VenueName& venue(Index venue) const { return venues_[venue]; }
  const PoolName& pool(Index pool) const { return pools_[pool].name; }
  std::size_t pools() const { return pools_.size(); }
  // Edges of open pools that sell the token.
  const std::vector<Edge>& edges_from(Index token) const { return edges_[token]; }
  // REQUIRES: the pool is open.
  const PoolCurve& curve(const Edge& edge) const {
    const auto& curves = pools_[edge.pool].curves;
    return edge.direction == Direction::a_to_b ? curves->first : curves->second;
  }

 private:
  struct Entry {
    PoolName name;
    Index venue = 0;
    Index token_a = 0;
    Index token_b = 0;
    std::optional<std::pair<PoolCurve, PoolCurve>> curves;  // a_to_b, b_to_a; empty: closed
  };
  Index token_of(const Symbol& symbol);
  Index venue_of(const VenueName& name);
  Entry* find(const PoolName& name);

  std::vector<Symbol> tokens_;
  std::vector<VenueName> venues_;
  std::vector<Entry> pools_;
  std::vector<std::vector<Edge>> edges_;  // index: token
};

}  // namespace oee
