// A path: one to three pools of one venue, traded one after another in one transaction. Values; no
// allocation.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "core/venue/routes/pool_graph.h"

namespace oee {

class Path {
 public:
  Path() = default;

  // REQUIRES: size() < hops_max.
  void push(const PoolGraph::Edge& edge) { edges_[size_++] = edge; }

  std::span<const PoolGraph::Edge> hops() const { return {edges_.data(), size_}; }
  std::size_t size() const { return size_; }
  PoolGraph::Index venue() const { return edges_[0].venue; }

  std::optional<PoolGraph::Index> shared_pool(const Path& other) const {
    for (const auto& mine : hops()) {
      for (const auto& its : other.hops()) {
        if (mine.pool == its.pool) return mine.pool;
      }
    }
    return std::nullopt;
  }

  friend bool operator==(const Path&, const Path&) = default;

 private:
  std::array<PoolGraph::Edge, hops_max> edges_{};
  std::size_t size_ = 0;
};

// The output of a path as a function of its input: the pools' curves, one after another.
class PathCurve {
 public:
  PathCurve() = default;
  PathCurve(const PoolGraph& graph, const Path& path) : size_(path.size()) {
    for (std::size_t i = 0; i < size_; ++i) curves_[i] = &graph.curve(path.hops()[i]);
    capacity_ = most_through();
  }

  // The largest input that every pool of the path can trade.
  Units capacity() const { return capacity_; }

  // Beyond capacity() the output grows no further.
  Units out(Units amount_in) const {
    Units amount = std::min(amount_in, capacity_);
    for (std::size_t i = 0; i < size_ && amount > 0; ++i) amount = curves_[i]->out(amount);
    return amount;
  }

  // The least input that yields at least `amount_out`. Empty: none does.
  std::optional<Units> least_in(Units amount_out) const {
    for (std::size_t i = size_; i-- > 0;) {
      const auto in = curves_[i]->least_in(amount_out);
      if (!in) return std::nullopt;
      amount_out = *in;
    }
    if (amount_out > capacity_) return std::nullopt;
    return amount_out;
  }

 private:
  Units most_through() const {
    Units most = curves_[size_ - 1]->capacity();
    for (std::size_t i = size_ - 1; i-- > 0;) {
      const auto too_much =
          most < ~Units{0} ? curves_[i]->least_in(most + 1) : std::optional<Units>();
      most = std::min(curves_[i]->capacity(), too_much ? *too_much - 1 : ~Units{0});
    }
    return most;
  }

  std::array<const PoolCurve*, hops_max> curves_{};
  std::size_t size_ = 0;
  Units capacity_ = 0;
};

}  // namespace oee
