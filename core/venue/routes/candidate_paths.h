// The paths of a request with what they yield and cost, and the contenders among them. Pure.
#pragma once

#include "core/venue/routes/leg_choice.h"
#include "core/venue/routes/path_search.h"
#include "core/venue/routes/route_request.h"

namespace oee {

// The paths of a request, with what a leg of each venue costs.
struct CandidatePaths {
  FoundPaths found;
  Units part = 0;            // that the paths were tried with: so small that it hardly moves prices
  std::vector<Units> costs;  // index: path

  Units net(std::size_t path) const {
    const Units out = found.paths[path].out_whole;
    return out > costs[path] ? out - costs[path] : 0;
  }
};

// Finds them for an amount of input. Errors: invalid and not_found of best_route().
Result<CandidatePaths> find_candidates(const PoolGraph& graph, const RouteRequest& request,
                                       Units whole);

// The paths among which legs are chosen, at most contenders_max: the best for the whole amount and
// the best for a small part of it, in both cases with the best ones that share no pool with a
// better one, so that a deep pool that is part of many paths does not crowd out what could trade
// beside it. There is room for `more` without moving the others.
std::vector<Contender> contenders_of(const PoolGraph& graph, const CandidatePaths& paths,
                                     std::size_t more);

}  // namespace oee
