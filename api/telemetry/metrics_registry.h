// Metrics: what GET /metrics answers. The parts count in meters of their own (core/base/metrics.h);
// collectors read those when somebody asks, on a thread of their own, so that a scrape holds no
// shard up. Collectors are registered before the engine serves; scrape() is any loop's.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/telemetry/metrics_table.h"
#include "core/base/metrics.h"
#include "core/base/task.h"
#include "core/runtime/worker.h"

namespace oee {

using MetricLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Takes the samples of one scrape. A metric may get several, with different labels.
class MetricSamples {
 public:
  virtual ~MetricSamples() = default;
  // REQUIRES: a counter or a gauge.
  virtual void value(Metric metric, double value, MetricLabels labels = {}) = 0;
  // REQUIRES: durations or sizes. An empty distribution is none.
  virtual void distribution(Metric metric, const Distribution& values,
                            MetricLabels labels = {}) = 0;
};

class Metrics {
 public:
  // Must be thread-safe and should be quick; may block briefly.
  using Collector = std::function<void(MetricSamples&)>;

  Metrics();
  ~Metrics();

  void add(Collector collector);
  // The text exposition format 0.0.4; resumes on `loop`. full: too many scrapes at once.
  Task<Result<std::string>> scrape(Loop& loop);
  // The same, at once. Any thread.
  std::string text() const;

 private:
  class Collected;
  std::unique_ptr<Collected> collected_;
  Worker worker_;
};

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace oee
