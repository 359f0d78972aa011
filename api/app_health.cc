#include "api/app_health.h"

#include <algorithm>

namespace oee {
namespace {

// Further behind than this, a consumer is no longer what clients may rely on: /readyz says so.
constexpr Seq consumer_lag_max = 500'000;

std::string lag_trouble(const char* consumer, Seq head, Seq position) {
  if (head <= position + consumer_lag_max) return {};
  return std::string(consumer) + " is " + std::to_string(head - position) + " events behind";
}

}  // namespace

void add_log_health(HealthBoard& health, const RocksLog& log) {
  const RocksLogStats& stats = log.stats();
  health.add_fact("logId", to_text(log.id()));
  health.add_check(
      [&stats] { return stats.failed ? std::string("the log cannot append") : std::string(); });
  health.add_check([&stats] {
    return stats.disk_low ? std::string("disk space is low; new orders are refused")
                          : std::string();
  });
  health.add_figure("headSeq", [&stats] { return stats.durable_end.load(); });
  health.add_figure("logQueue", [&stats] { return stats.queue_depth.load(); });
  health.add_figure("logCommits", [&stats] { return stats.commits.load(); });
  health.add_figure("logSyncMicrosMax", [&stats] { return stats.sync_us_max.load(); });
  health.add_figure("scrubbedSeq", [&stats] { return stats.scrubbed.load(); });
}

void add_consumer_health(HealthBoard& health, const RocksLog& log, const Projector& projector,
                         const Publisher& publisher, const Bus& bus) {
  const RocksLogStats& stats = log.stats();
  health.add_check([&projector] { return projector.trouble(); });
  health.add_check([&bus] { return bus.trouble(); });
  health.add_check([&stats, &projector] {
    return lag_trouble("the projector", stats.durable_end, projector.stats().applied);
  });
  health.add_check([&stats, &publisher] {
    return lag_trouble("the publisher", stats.durable_end, publisher.published());
  });
  health.add_figure("projectedSeq", [&projector] { return projector.stats().applied.load(); });
  health.add_figure("publishedSeq", [&publisher] { return publisher.published(); });
}

void add_order_health(HealthBoard& health, const Engine& engine, const Clock& clock) {
  const auto sum = [&engine](auto member) {
    return [&engine, member] {
      std::uint64_t total = 0;
      for (const ExecutorStats* stats : engine.admission().executors)
        total += (stats->*member).load(std::memory_order_relaxed);
      return total;
    };
  };
  health.add_figure("openOrders", sum(&ExecutorStats::open));
  health.add_figure("executing", sum(&ExecutorStats::executing));
  health.add_figure("waitingForRetry", sum(&ExecutorStats::waiting));
  health.add_figure("unknownOutcomes", sum(&ExecutorStats::unknown));
  health.add_figure("unknownOutcomeAgeSeconds", [&engine, &clock] {
    std::int64_t oldest = 0;
    for (const ExecutorStats* stats : engine.admission().executors) {
      const std::int64_t since = stats->unknown_since_us.load(std::memory_order_relaxed);
      if (since != 0 && (oldest == 0 || since < oldest)) oldest = since;
    }
    if (oldest == 0) return std::uint64_t{0};
    const std::int64_t age = clock.now().time_since_epoch().count() - oldest;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0)) / 1'000'000;
  });
}

}  // namespace oee
