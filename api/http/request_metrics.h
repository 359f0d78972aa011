// What one shard measures of its requests, by route. Written by its loop's thread, read by any.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/metrics.h"
#include "core/seams/clock.h"

namespace oee {

// One entry of the route table.
struct RouteMeters {
  std::string method;
  std::string pattern;
  std::array<Count, 6> answers;  // by status / 100; nothing is below 1
  DurationHistogram took;
  DurationHistogram* accepted = nullptr;  // of the answers 2xx; null: not measured apart
};

struct HttpMeters {
  std::deque<RouteMeters> routes;  // complete before the first request
  DurationHistogram accepted;      // new orders
};

// One request on its way through its endpoint.
class RequestTimer {
 public:
  RequestTimer() = default;  // measures nothing
  RequestTimer(RouteMeters& route, const Clock& clock)
      : route_(&route), clock_(&clock), began_(clock.steady_now()) {}

  void answered(unsigned status) const {
    if (route_ == nullptr) return;
    const Micros took = clock_->steady_now() - began_;
    route_->answers[status / 100 % route_->answers.size()].add();
    route_->took.add(took);
    if (route_->accepted != nullptr && status / 100 == 2) route_->accepted->add(took);
  }

 private:
  RouteMeters* route_ = nullptr;
  const Clock* clock_ = nullptr;
  SteadyTime began_{};
};

}  // namespace oee
