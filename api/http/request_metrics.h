// HttpMetrics: the metrics of one shard's requests, by route. The loop's thread writes; any thread
// reads.
#pragma once

#include <array>
#include <deque>
#include <memory>
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

// The name of a caller's token; null: the caller is not known. Shared: it outlives its access list.
using TokenName = std::shared_ptr<const std::string>;

// Measures one request, from construction to answered(), and knows its route and caller.
class RequestTimer {
 public:
  RequestTimer() = default;  // measures nothing
  RequestTimer(RouteMetrics& route, const Clock& clock, TokenName caller)
      : route_(&route), clock_(&clock), began_(clock.steady_now()), caller_(std::move(caller)) {}

  // Counts the answer. Returns the time that it took.
  Micros answered(unsigned status) const {
    if (route_ == nullptr) return Micros{0};
    const Micros took = clock_->steady_now() - began_;
    route_->answers[status / 100 % route_->answers.size()].add();
    route_->took.add(took);
    if (route_->accepted != nullptr && status / 100 == 2) route_->accepted->add(took);
    return took;
  }
  // The route's pattern; empty: measures nothing.
  std::string_view route() const {
    return route_ == nullptr ? std::string_view() : std::string_view(route_->pattern);
  }
  // Empty: the caller is not known.
  std::string_view caller() const {
    return caller_ ? std::string_view(*caller_) : std::string_view();
  }

 private:
  RouteMetrics* route_ = nullptr;
  const Clock* clock_ = nullptr;
  SteadyTime began_{};
  TokenName caller_;
};

}  // namespace oee
