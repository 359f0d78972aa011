// PoolSource: the open pools of all venues, for the graph of one shard loop. Used on that loop's
// thread.
//
// Laws, as those of prices (core/seams/prices.h):
// - A state is a hint, never a proof: an order acts on a venue's quote.
// - A state is durable at its venue. No crash takes it back.
#pragma once

#include "core/venue/routes/pool_graph.h"

namespace oee {

class PoolSource {
 public:
  virtual ~PoolSource() = default;
  // Puts each pool into the graph that has opened or changed since the last call. No I/O: some
  // microseconds for 50 pools, which each call looks at. REQUIRES: always the same graph.
  virtual void refresh(PoolGraph& graph) = 0;
};

}  // namespace oee
