#include "core/venue/routes/candidate_paths.h"

#include <algorithm>
#include <numeric>

namespace oee {
namespace {

class ContenderChoice {
 public:
  explicit ContenderChoice(const CandidatePaths& paths)
      : paths_(paths), order_(paths.costs.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    taken_.resize(order_.size());
  }

  std::vector<std::size_t> run() {
    sort_by([this](std::size_t i) { return paths_.net(i); });
    take_disjoint();
    sort_by([this](std::size_t i) { return paths_.found.paths[i].out_part; });
    take_disjoint();
    for (const std::size_t i : order_) take(i);
    return std::move(chosen_);
  }

 private:
  template <class Key>
  void sort_by(const Key& key) {
    // Equal paths stay in the order in which they were found: the result depends on nothing else.
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  }
  const Path& path(std::size_t i) const { return paths_.found.paths[i].path; }

  void take(std::size_t i) {
    if (taken_[i] || chosen_.size() == contenders_max) return;
    taken_[i] = true;
    chosen_.push_back(i);
  }
  void take_disjoint() {
    std::array<std::size_t, legs_max> apart{};
    std::size_t size = 0;
    for (const std::size_t i : order_) {
      const bool shares = std::any_of(apart.begin(), apart.begin() + size, [&](std::size_t other) {
        return path(i).shared_pool(path(other)).has_value();
      });
      if (shares) continue;
      take(i);
      apart[size++] = i;
      if (size == legs_max) return;
    }
  }

  const CandidatePaths& paths_;
  std::vector<std::size_t> order_;
  std::vector<bool> taken_;
  std::vector<std::size_t> chosen_;
};

}  // namespace

Result<CandidatePaths> find_candidates(const PoolGraph& graph, const RouteRequest& request,
                                       Units whole) {
  if (request.amount == 0) return swap_of_zero();
  if (request.input == request.output) {
    return Error{Errc::invalid, "the input and the output are the same token"};
  }
  CandidatePaths paths;
  const auto input = graph.token(request.input);
  const auto output = graph.token(request.output);
  if (input && output) {
    paths.part = std::max(whole / 128, std::clamp<Units>(whole / legs_max, 1, 64));
    paths.found = find_paths(graph, *input, *output, whole, paths.part, paths_max,
                             LeftOut{request.without, request.without_tokens});
  }
  if (paths.found.paths.empty()) {
    return Error{Errc::not_found, "no pools connect " + std::string(request.input.view()) +
                                      " with " + std::string(request.output.view())};
  }
  for (const FoundPath& found : paths.found.paths) {
    const VenueName& venue = graph.venue(found.path.venue());
    const auto cost = std::find_if(request.costs.begin(), request.costs.end(),
                                   [&](const LegCost& row) { return row.venue == venue; });
    paths.costs.push_back(cost == request.costs.end() ? request.other_cost : cost->cost);
  }
  return paths;
}

std::vector<Contender> contenders_of(const PoolGraph& graph, const CandidatePaths& paths,
                                     std::size_t more) {
  std::vector<Contender> contenders;
  contenders.reserve(contenders_max + more);
  for (const std::size_t i : ContenderChoice(paths).run()) {
    const Path& path = paths.found.paths[i].path;
    contenders.push_back({path, PathCurve(graph, path), paths.costs[i]});
  }
  return contenders;
}

}  // namespace oee
