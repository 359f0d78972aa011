// prometheus-cpp writes the text format. Its registry of live metrics is not used: each of its
// metrics would cost an order a mutex or a locked instruction.
#include "api/telemetry/metrics_registry.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <vector>

#include "core/base/check.h"

namespace oee {
namespace {

constexpr std::size_t scrapes_max = 8;  // waiting; enough for two Prometheus servers and a person
constexpr double micros_per_second = 1e6;

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return prometheus::MetricType::Counter;
    case MetricKind::gauge:
      return prometheus::MetricType::Gauge;
    default:
      return prometheus::MetricType::Histogram;
  }
}

class Families final : public MetricSamples {
 public:
  Families() : families_(metric_count) {}

  void value(Metric metric, double value, MetricLabels labels) override {
    const MetricKind kind = info(metric).kind;
    check(kind == MetricKind::counter || kind == MetricKind::gauge,
          "MetricSamples::value: not a counter or a gauge");
    auto& sample = add(metric, labels);
    (kind == MetricKind::counter ? sample.counter.value : sample.gauge.value) = value;
  }

  void distribution(Metric metric, const Distribution& values, MetricLabels labels) override {
    const MetricKind kind = info(metric).kind;
    check(kind == MetricKind::durations || kind == MetricKind::sizes,
          "MetricSamples::distribution: not a histogram");
    if (values.counts.empty()) return;
    const double unit = kind == MetricKind::durations ? micros_per_second : 1;
    auto& histogram = add(metric, labels).histogram;
    for (std::size_t i = 0; i < values.counts.size(); ++i) {
      const bool last = i == values.bounds.size();
      histogram.sample_count += values.counts[i];
      histogram.bucket.push_back(
          {histogram.sample_count, last ? std::numeric_limits<double>::infinity()
                                        : static_cast<double>(values.bounds[i]) / unit});
    }
    histogram.sample_sum = static_cast<double>(values.sum) / unit;
  }

  std::vector<prometheus::MetricFamily> take() && {
    std::erase_if(families_, [](const auto& family) { return family.metric.empty(); });
    return std::move(families_);
  }

 private:
  static const MetricInfo& info(Metric metric) {
    return metric_table()[static_cast<std::size_t>(metric)];
  }
  prometheus::ClientMetric& add(Metric metric, MetricLabels labels) {
    auto& family = families_[static_cast<std::size_t>(metric)];
    if (family.metric.empty()) {
      family.name = info(metric).name;
      family.help = info(metric).help;
      family.type = type_of(info(metric).kind);
    }
    auto& sample = family.metric.emplace_back();
    for (const auto& [name, value] : labels)
      sample.label.push_back({std::string(name), std::string(value)});
    return sample;
  }
  std::vector<prometheus::MetricFamily> families_;  // by Metric
};

}  // namespace

class MetricsRegistry::Collected final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override {
    Families families;
    for (const Collector& collect : collectors) collect(families);
    return std::move(families).take();
  }
  std::vector<Collector> collectors;
};

MetricsRegistry::MetricsRegistry()
    : collected_(std::make_unique<Collected>()), worker_("metrics", scrapes_max) {}
MetricsRegistry::~MetricsRegistry() {
  worker_.stop();
}

void MetricsRegistry::add(Collector collector) {
  collected_->collectors.push_back(std::move(collector));
}

Task<Result<std::string>> MetricsRegistry::scrape(Loop& loop) {
  auto job = [this]() -> Result<std::string> { return text(); };
  co_return co_await worker_.run(loop, std::move(job));
}

std::string MetricsRegistry::text() const {
  return prometheus::TextSerializer().Serialize(collected_->Collect());
}

}  // namespace oee
