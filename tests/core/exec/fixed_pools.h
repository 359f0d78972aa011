// Published pools that never change.
#pragma once

#include <vector>

#include "core/venue/routes/pool_source.h"

namespace oee::test {

class FixedPools final : public PoolSource {
 public:
  void refresh(PoolGraph& graph) override {
    ++refreshed;
    for (const OpenPool& pool : pools) check(graph.put(pool).ok(), "the graph takes the pool");
  }
  std::vector<OpenPool> pools;
  int refreshed = 0;
};

// A pool of constant product without a fee.
inline OpenPool constant_pool(const char* name, const char* venue, const char* a, const char* b,
                              Units reserve_a, Units reserve_b) {
  return {name, venue, a, b, ConstantProductPool{reserve_a, reserve_b, 0}};
}

}  // namespace oee::test
