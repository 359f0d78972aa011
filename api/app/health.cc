#include "api/app/health.h"

#include <algorithm>

#include "api/app/config/parse.h"
#include "api/app/config/text.h"
#include "api/telemetry/log_stall.h"
#include "core/base/log.h"

namespace oee {
namespace {

// /readyz is 503 while a consumer is further behind than one of these: clients can no longer rely
// on its data.
constexpr Seq consumer_lag_max = 500'000;
constexpr std::uint64_t consumer_lag_seconds_max = 30;
// A probe that takes longer means that PostgreSQL is down, hangs or is overloaded.
constexpr Micros probe_max{3'000'000};

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

void add_setup_health(HealthRegistry& health, const Config& config, std::string role) {
  health.add_text("version", OEE_VERSION);
  health.add_text("role", std::move(role));
  health.add_text("readModel", std::string(read_model_name(config)));
  health.add_text("bus", std::string(bus_name(config)));
  if (config.access_file.empty() && !is_loopback(config)) health.hide_reasons();
}

std::string log_stall_reason(const LogMetrics& metrics) {
  return log_stall_reason(metrics.commit_age());
}

void add_log_health(HealthRegistry& health, const RocksLog& log) {
  const LogMetrics& metrics = log.metrics();
  health.add_text("logId", to_text(log.id()));
  health.add_text("epoch", to_text(log.identity().epoch));
  health.add_check(
      [&metrics] { return metrics.failed ? std::string("the log cannot append") : std::string(); });
  health.add_check([&metrics] { return log_stall_reason(metrics); });
  health.add_check([&metrics] {
    return metrics.disk_low ? std::string("disk space is low; new orders are refused")
                            : std::string();
  });
  health.add_members([&log](JsonWriter& json) {
    const LogHead head = log.head();
    json.key("headSeq").number(head.seq);
    json.key("headHash").text(to_hex(as_bytes(head.hash)));
  });
  health.add_number("logQueue", [&metrics] { return metrics.queue_depth.load(); });
  health.add_number("logCommits", [&metrics] { return metrics.commits.load(); });
  health.add_number("logSyncMicrosMax", [&metrics] { return metrics.sync_us_max.load(); });
  health.add_number("scrubbedSeq", [&metrics] { return metrics.scrubbed.load(); });
}

void ConsumerLags::sample(SteadyTime now) {
  // The positions are read first, so that the lag is never negative.
  const Seq projected = projector_.metrics().applied;
  const Seq published = publisher_.published();
  const Seq head = log_.metrics().durable_head;
  of_projector_.sample(now, head, projected);
  of_publisher_.sample(now, head, published);
}

void add_consumer_health(HealthRegistry& health, const RocksLog& log, const Projector& projector,
                         const Publisher& publisher, const ConsumerLags& lags) {
  const LogMetrics& log_metrics = log.metrics();
  const ProjectorMetrics& projected = projector.metrics();
  health.add_check("the read model is unavailable",
                   [&projector] { return projector.unhealthy_reason(); });
  health.add_check([&log_metrics, &projected, &lags] {
    return lag_reason("the projector", log_metrics.durable_head, projected.applied,
                      lags.of_projector());
  });
  health.add_check([&log_metrics, &publisher, &lags] {
    return lag_reason("the publisher", log_metrics.durable_head, publisher.published(),
                      lags.of_publisher());
  });
  health.add_number("projectedSeq", [&projected] { return projected.applied.load(); });
  health.add_number("projectorLagEvents", [&log_metrics, &projected] {
    return events_behind(log_metrics.durable_head, projected.applied);
  });
  health.add_number("projectorLagSeconds", [&lags] { return lags.of_projector().seconds(); });
  health.add_number("projectorRetries", [&projected] { return projected.retries.load(); });
  health.add_number("publishedSeq", [&publisher] { return publisher.published(); });
  health.add_number("publisherLagEvents", [&log_metrics, &publisher] {
    return events_behind(log_metrics.durable_head, publisher.published());
  });
  health.add_number("publisherLagSeconds", [&lags] { return lags.of_publisher().seconds(); });
}

void add_bus_health(HealthRegistry& health, const Bus& bus, const RedisBusMetrics& metrics) {
  health.add_check("redis is unavailable", [&bus] { return bus.unhealthy_reason(); });
  health.add_number("busUpdatesDropped", [&metrics] { return metrics.updates_dropped.load(); });
  health.add_number("busConnectionsLost", [&metrics] { return metrics.connections_lost.load(); });
}

void PostgresProbe::start(Worker& worker, OrderQueries& queries, SteadyTime now) {
  if (begun_at_.load() != none) return;
  begun_at_.store(now);
  const bool taken = worker.post([this, &queries] { finish(queries.cursor()); });
  if (!taken) finish(Error{Errc::full, "the probe's thread is stopped"});
}

void PostgresProbe::finish(const Result<ProjectionCursor>& seen) {
  if (seen.ok()) {
    const std::lock_guard lock(mutex_);
    projected_ = *seen;
  }
  const bool before = failed_.exchange(!seen.ok());
  if (!seen.ok() && !before)
    log::warn("PostgreSQL cannot be read", log::field("why", seen.error().detail));
  if (seen.ok() && before) log::info("PostgreSQL can be read again");
  begun_at_.store(none);
}

std::string PostgresProbe::unhealthy_reason(SteadyTime now) const {
  if (failed_) return "postgres: cannot be read";
  const SteadyTime begun_at = begun_at_.load();
  const bool late = begun_at != none && now - begun_at > probe_max;
  return late ? "postgres: no answer" : std::string();
}

void add_gateway_health(HealthRegistry& health, const PostgresProbe& probe,
                        const AnnouncedHead& announced, const ConsumerLag& lag,
                        const Clock& clock) {
  health.add_check([&probe, &clock] { return probe.unhealthy_reason(clock.steady_now()); });
  health.add_check("the read model is of another log", [&probe, &announced] {
    const Result<void> same = announced.check(probe.projected());
    return same.ok() ? std::string() : same.error().detail;
  });
  health.add_check([&probe, &announced, &lag] {
    const ProjectionCursor projected = probe.projected();
    // A false head on Redis is corrected within a second and makes no gateway unready.
    if (projected.log_id.is_zero() || lag.seconds() == 0) return std::string();
    return lag_reason("the projection", announced.get().last_seq, projected.last_seq, lag);
  });
  health.add_members([&probe](JsonWriter& json) {
    const LogIdentity log = probe.projected().log_id;
    if (log.is_zero()) return;
    json.key("logId").text_of(log.id);
    json.key("epoch").text_of(log.epoch);
  });
  health.add_number("projectedSeq", [&probe] { return probe.projected().last_seq; });
  health.add_number("announcedSeq", [&announced] { return announced.get().last_seq; });
  health.add_number("projectorLagSeconds", [&lag] { return lag.seconds(); });
}

void add_order_health(HealthRegistry& health, const Engine& engine, const Clock& clock) {
  const auto sum = [&engine](auto member) {
    return [&engine, member] {
      std::uint64_t total = 0;
      for (const ExecutorMetrics* executor : engine.admission().executors)
        total += (executor->*member).load(std::memory_order_relaxed);
      return total;
    };
  };
  health.add_number("openOrders", sum(&ExecutorMetrics::open));
  health.add_number("executing", sum(&ExecutorMetrics::executing));
  health.add_number("waitingForRetry", sum(&ExecutorMetrics::waiting));
  health.add_number("unknownOutcomes", sum(&ExecutorMetrics::unknown));
  // An engine with a halt is ready: reads and cancels work.
  health.add_number("halts", [&engine] {
    return engine.admission().executors.front()->halts.load(std::memory_order_relaxed);
  });
  // A venue has one for quotes and one for submissions. They count when a shard's is not closed.
  health.add_number("openBreakers", [&engine] {
    const auto& executors = engine.admission().executors;
    std::uint64_t open = 0;
    for (std::size_t v = 0; v < executors.front()->venues.size(); ++v)
      for (const auto call : {VenueMetrics::quote, VenueMetrics::submit})
        open += std::ranges::any_of(executors, [&](const ExecutorMetrics* executor) {
          return executor->venues[v]->breakers[call].state != CircuitBreaker::State::closed;
        });
    return open;
  });
  health.add_number("unknownOutcomeAgeSeconds", [&engine, &clock] {
    std::int64_t oldest = 0;
    for (const ExecutorMetrics* executor : engine.admission().executors) {
      const std::int64_t since = executor->unknown_since_us.load(std::memory_order_relaxed);
      if (since != 0 && (oldest == 0 || since < oldest)) oldest = since;
    }
    if (oldest == 0) return std::uint64_t{0};
    const std::int64_t age = clock.now().time_since_epoch().count() - oldest;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0)) / 1'000'000;
  });
}

}  // namespace oee
