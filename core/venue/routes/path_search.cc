#include "core/venue/routes/path_search.h"

namespace oee {
namespace {

class Search {
 public:
  Search(const PoolGraph& graph, PoolGraph::Index output, std::size_t most, const LeftOut& left_out)
      : graph_(graph), output_(output), most_(most), without_(left_out) {}

  // Goes on from `token`, where the amounts of `at` have arrived by at.path.
  void extend(PoolGraph::Index token, FoundPath& at) {
    visited_[at.path.size()] = token;
    for (const PoolGraph::Edge& edge : graph_.edges_from(token)) {
      const std::size_t hops = at.path.size() + 1;
      if (hops > 1 ? edge.venue != at.path.venue() : is_left_out(edge.venue)) continue;
      const bool arrives = edge.to == output_;
      if (!arrives && (hops == hops_max || was_visited(edge.to, hops) || is_passed_by(edge.to)))
        continue;
      std::vector<FoundPath>& found = found_[hops - 1];
      if (arrives && found.size() >= most_) {
        ++left_out_;
        continue;
      }
      const PoolCurve& curve = graph_.curve(edge);
      FoundPath next{at.path, curve.out(at.out_whole), curve.out(at.out_part),
                     at.fits && at.out_whole <= curve.capacity()};
      next.path.push(edge);
      if (arrives) {
        found.push_back(next);
      } else {
        extend(edge.to, next);
      }
    }
  }

  FoundPaths result() && {
    FoundPaths result;
    result.left_out = left_out_;
    for (auto& found : found_) {
      const std::size_t taken = std::min(found.size(), most_ - result.paths.size());
      result.paths.insert(result.paths.end(), found.begin(),
                          found.begin() + static_cast<std::ptrdiff_t>(taken));
      result.left_out += found.size() - taken;
    }
    return result;
  }

 private:
  bool was_visited(PoolGraph::Index token, std::size_t hops) const {
    return std::find(visited_.begin(), visited_.begin() + static_cast<std::ptrdiff_t>(hops),
                     token) != visited_.begin() + static_cast<std::ptrdiff_t>(hops);
  }

  static bool contains(auto names, const auto& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  bool is_left_out(PoolGraph::Index venue) const {
    return contains(without_.venues, graph_.venue(venue));
  }
  bool is_passed_by(PoolGraph::Index token) const {
    return contains(without_.tokens, graph_.token(token));
  }

  const PoolGraph& graph_;
  const PoolGraph::Index output_;
  const std::size_t most_;
  const LeftOut without_;
  std::array<PoolGraph::Index, hops_max> visited_{};
  std::array<std::vector<FoundPath>, hops_max> found_;
  std::size_t left_out_ = 0;
};

}  // namespace

FoundPaths find_paths(const PoolGraph& graph, PoolGraph::Index input, PoolGraph::Index output,
                      Units whole, Units part, std::size_t most, const LeftOut& left_out) {
  Search search(graph, output, most, left_out);
  FoundPath start{{}, whole, part, true};
  search.extend(input, start);
  return std::move(search).result();
}

}  // namespace oee
