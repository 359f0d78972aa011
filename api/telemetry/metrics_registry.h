// MetricsRegistry: the content of GET /metrics. The parts count in objects of their own
// (core/base/metrics.h). Collectors read those objects for each scrape, on a thread of the
// registry, so that a scrape delays no shard. Collectors are registered before the engine serves;
// scrape() is called on any loop.
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

// Receives the samples of one scrape. A metric may have several samples with different labels.
class MetricSamples {
 public:
  virtual ~MetricSamples() = default;
  // REQUIRES: a counter or a gauge.
  virtual void value(Metric metric, double value, MetricLabels labels = {}) = 0;
  // REQUIRES: durations or sizes. An empty distribution adds no sample.
  virtual void distribution(Metric metric, const Distribution& values,
                            MetricLabels labels = {}) = 0;
};

class MetricsRegistry {
 public:
  // Runs on the registry's thread while all other threads run. It may block briefly.
  using Collector = std::function<void(MetricSamples&)>;

  MetricsRegistry();
  ~MetricsRegistry();

  void add(Collector collector);
  // All metrics in the text exposition format 0.0.4; resumes on `loop`. full: too many scrapes
  // wait.
  Task<Result<std::string>> scrape(Loop& loop);
  // The same, collected on the calling thread. Any thread.
  std::string text() const;

 private:
  class Collected;
  std::unique_ptr<Collected> collected_;
  Worker worker_;
};

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace oee
