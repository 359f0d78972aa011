// All paths between two tokens, with their outputs for two amounts. Pure.
#pragma once

#include <vector>

#include "core/venue/routes/path.h"

namespace oee {

struct FoundPath {
  Path path;
  Units out_whole = 0;  // of the whole amount alone
  Units out_part = 0;   // of the part alone
  bool fits = false;    // every pool can trade what the whole amount brings to it
};

struct FoundPaths {
  std::vector<FoundPath> paths;  // shorter ones first
  std::size_t left_out = 0;      // found beyond `most`
};

// Venues of which no path is, and tokens between which none trades.
struct LeftOut {
  std::span<const VenueName> venues;
  std::span<const Symbol> tokens;
};

// Paths of up to hops_max pools of one venue that visit no token twice, at most `most` of them. A
// path that begins like another one shares the evaluation of that beginning.
FoundPaths find_paths(const PoolGraph& graph, PoolGraph::Index input, PoolGraph::Index output,
                      Units whole, Units part, std::size_t most, const LeftOut& left_out = {});

}  // namespace oee
