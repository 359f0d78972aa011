#include "core/venue/routes/pool_graph.h"

#include <algorithm>

namespace oee {

PoolGraph::Index PoolGraph::token_of(const Symbol& symbol) {
  if (const auto known = token(symbol)) return *known;
  tokens_.push_back(symbol);
  edges_.emplace_back();
  return static_cast<Index>(tokens_.size() - 1);
}

PoolGraph::Index PoolGraph::venue_of(const VenueName& name) {
  const auto known = std::find(venues_.begin(), venues_.end(), name);
  const auto index = static_cast<Index>(known - venues_.begin());
  if (known == venues_.end()) venues_.push_back(name);
  return index;
}

PoolGraph::Entry* PoolGraph::find(const PoolName& name) {
  const auto known = std::find_if(pools_.begin(), pools_.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  return known == pools_.end() ? nullptr : &*known;
}

std::optional<PoolGraph::Index> PoolGraph::token(const Symbol& symbol) const {
  const auto known = std::find(tokens_.begin(), tokens_.end(), symbol);
  if (known == tokens_.end()) return std::nullopt;
  return static_cast<Index>(known - tokens_.begin());
}

Result<void> PoolGraph::put(const OpenPool& pool) {
  if (pool.token_a == pool.token_b) {
    return Error{Errc::invalid, "a pool trades two different tokens"};
  }
  OEE_TRY(validate(pool.state));
  Entry* entry = find(pool.name);
  if (entry == nullptr) {
    if (pools_.size() >= pools_max) return Error{Errc::full, "there are too many pools"};
    const Entry added{pool.name, venue_of(pool.venue), token_of(pool.token_a),
                      token_of(pool.token_b), std::nullopt};
    entry = &pools_.emplace_back(added);
  } else if (venues_[entry->venue] != pool.venue || tokens_[entry->token_a] != pool.token_a ||
             tokens_[entry->token_b] != pool.token_b) {
    return Error{Errc::invalid, "a pool of that name trades other tokens or at another venue"};
  }
  if (!entry->curves) {
    const auto index = static_cast<Index>(entry - pools_.data());
    edges_[entry->token_a].push_back({index, Direction::a_to_b, entry->token_b, entry->venue});
    edges_[entry->token_b].push_back({index, Direction::b_to_a, entry->token_a, entry->venue});
  }
  entry->curves.emplace(PoolCurve(pool.state, Direction::a_to_b),
                        PoolCurve(pool.state, Direction::b_to_a));
  return {};
}

void PoolGraph::close(const PoolName& name) {
  Entry* entry = find(name);
  if (entry == nullptr || !entry->curves) return;
  entry->curves.reset();
  const auto index = static_cast<Index>(entry - pools_.data());
  for (const Index token : {entry->token_a, entry->token_b}) {
    std::erase_if(edges_[token], [index](const Edge& edge) { return edge.pool == index; });
  }
}

}  // namespace oee
