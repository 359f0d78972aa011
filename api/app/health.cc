#include "api/app/health.h"

#include <algorithm>

#include "api/app/parts.h"
#include "core/base/log.h"

namespace oee {
namespace {

// Further behind than either, a consumer is no longer what clients may rely on: /readyz says so.
constexpr Seq consumer_lag_max = 500'000;

constexpr std::uint64_t consumer_lag_seconds_max = 30;
// A look at PostgreSQL that takes longer: it is away, hung or overloaded.
constexpr Micros gateway_look_max{3'000'000};

Seq events_behind(Seq head, Seq position) {
  return head > position ? head - position : 0;
}

std::string lag_reason(const char* consumer, Seq head, Seq position, const ConsumerLag& lag) {
  const Seq behind = events_behind(head, position);
  if (behind <= consumer_lag_max && lag.seconds() <= consumer_lag_seconds_max) return {};
  return std::string(consumer) + " is " + std::to_string(behind) + " events and " +
         std::to_string(lag.seconds()) + " s behind";
}

}  // namespace

void add_setup_health(HealthBoard& health, const Config& config, std::string role) {
  health.add_fact("version", OEE_VERSION);
  health.add_fact("role", std::move(role));
  health.add_fact("readModel", std::string(read_model_name(config)));
  health.add_fact("bus", std::string(bus_name(config)));
}

void add_log_health(HealthBoard& health, const RocksLog& log) {
  const RocksLogStats& stats = log.stats();
  health.add_fact("logId", to_text(log.id()));
  health.add_check(
      [&stats] { return stats.failed ? std::string("the log cannot append") : std::string(); });
  health.add_check([&stats] {
    return stats.disk_low ? std::string("disk space is low; new orders are refused")
                          : std::string();
  });
  health.add_members([&log](JsonWriter& json) {
    const LogHead head = log.head();
    json.key("headSeq").number(head.seq);
    json.key("headHash").text(to_hex(as_bytes(head.hash)));
  });
  health.add_figure("logQueue", [&stats] { return stats.queue_depth.load(); });
  health.add_figure("logCommits", [&stats] { return stats.commits.load(); });
  health.add_figure("logSyncMicrosMax", [&stats] { return stats.sync_us_max.load(); });
  health.add_figure("scrubbedSeq", [&stats] { return stats.scrubbed.load(); });
}

void ConsumerLags::sample(SteadyTime now) {
  // The positions first: what is appended meanwhile is no lag.
  const Seq projected = projector_.stats().applied;
  const Seq published = publisher_.published();
  const Seq head = log_.stats().durable_head;
  of_projector_.sample(now, head, projected);
  of_publisher_.sample(now, head, published);
}

void add_consumer_health(HealthBoard& health, const RocksLog& log, const Projector& projector,
                         const Publisher& publisher, const ConsumerLags& lags) {
  const RocksLogStats& stats = log.stats();
  const ProjectorStats& projected = projector.stats();
  health.add_check([&projector] { return projector.unhealthy_reason(); });
  health.add_check([&stats, &projected, &lags] {
    return lag_reason("the projector", stats.durable_head, projected.applied, lags.of_projector());
  });
  health.add_check([&stats, &publisher, &lags] {
    return lag_reason("the publisher", stats.durable_head, publisher.published(),
                      lags.of_publisher());
  });
  health.add_figure("projectedSeq", [&projected] { return projected.applied.load(); });
  health.add_figure("projectorLagEvents", [&stats, &projected] {
    return events_behind(stats.durable_head, projected.applied);
  });
  health.add_figure("projectorLagSeconds", [&lags] { return lags.of_projector().seconds(); });
  health.add_figure("projectorRetries", [&projected] { return projected.retries.load(); });
  health.add_figure("publishedSeq", [&publisher] { return publisher.published(); });
  health.add_figure("publisherLagEvents", [&stats, &publisher] {
    return events_behind(stats.durable_head, publisher.published());
  });
  health.add_figure("publisherLagSeconds", [&lags] { return lags.of_publisher().seconds(); });
}

void add_bus_health(HealthBoard& health, const Bus& bus, const RedisBusStats& stats) {
  health.add_check([&bus] { return bus.unhealthy_reason(); });
  health.add_figure("busUpdatesDropped", [&stats] { return stats.updates_dropped.load(); });
  health.add_figure("busConnectionsLost", [&stats] { return stats.connections_lost.load(); });
}

void GatewayReads::look(Worker& worker, OrderQueries& queries, SteadyTime now) {
  if (begun_at_.load() != none) return;
  begun_at_.store(now);
  const bool taken = worker.post([this, &queries] { end_look(queries.cursor()); });
  if (!taken) end_look(Error{Errc::full, "too many queries wait"});
}

void GatewayReads::end_look(const Result<ProjectionCursor>& seen) {
  if (seen.ok()) projected_.store(seen->last_seq, std::memory_order_relaxed);
  const bool before = failed_.exchange(!seen.ok());
  if (!seen.ok() && !before)
    log::warn("postgresql cannot be read", log::field("why", seen.error().detail));
  if (seen.ok() && before) log::info("postgresql is read again");
  begun_at_.store(none);
}

std::string GatewayReads::unhealthy_reason(SteadyTime now) const {
  if (failed_) return "postgres: cannot be read";
  const SteadyTime begun_at = begun_at_.load();
  const bool late = begun_at != none && now - begun_at > gateway_look_max;
  return late ? "postgres: no answer" : std::string();
}

void add_gateway_health(HealthBoard& health, const GatewayReads& reads, const Clock& clock) {
  health.add_check([&reads, &clock] { return reads.unhealthy_reason(clock.steady_now()); });
  health.add_figure("projectedSeq", [&reads] { return reads.projected(); });
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
