// HttpMetrics: the metrics of one shard's requests, by route. The loop's thread writes; any thread
// reads.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/metrics.h"
#include "core/seams/clock.h"

namespace oee {

// The requests of one route.
struct RouteMetrics {
  std::string method;
  std::string pattern;
  std::array<Count, 6> answers;  // by status / 100; [0] is not used
  DurationHistogram took;
  DurationHistogram* accepted = nullptr;  // also counts the 2xx answers; null: none
};

struct HttpMetrics {
  std::deque<RouteMetrics> routes;  // complete before the first request
  DurationHistogram accepted;       // new orders, answered with 2xx
};

// Measures one request, from construction to answered().
class RequestTimer {
 public:
  RequestTimer() = default;  // measures nothing
  RequestTimer(RouteMetrics& route, const Clock& clock)
      : route_(&route), clock_(&clock), began_(clock.steady_now()) {}

  void answered(unsigned status) const {
    if (route_ == nullptr) return;
    const Micros took = clock_->steady_now() - began_;
    route_->answers[status / 100 % route_->answers.size()].add();
    route_->took.add(took);
    if (route_->accepted != nullptr && status / 100 == 2) route_->accepted->add(took);
  }

 private:
  RouteMetrics* route_ = nullptr;
  const Clock* clock_ = nullptr;
  SteadyTime began_{};
};

}  // namespace oee
