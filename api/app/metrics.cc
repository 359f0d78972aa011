#include "api/app/metrics.h"

#include <future>

#include "api/http/request_log.h"
#include "api/telemetry/process_metrics.h"
#include "core/base/log.h"

namespace oee {
namespace {

// A query of the embedded read model takes microseconds, one of PostgreSQL milliseconds. A longer
// one hangs.
constexpr std::chrono::seconds query_wait_max{1};

void add_redis(MetricSamples& out, const Bus& bus, const RedisBusMetrics& metrics) {
  out.value(Metric::redis_up, bus.unhealthy_reason().empty() ? 1 : 0);
  out.value(Metric::redis_updates, metrics.updates_published.load(), {{"result", "published"}});
  out.value(Metric::redis_updates, metrics.updates_dropped.load(), {{"result", "dropped"}});
  out.value(Metric::redis_updates, metrics.updates_received.load(), {{"result", "received"}});
  out.value(Metric::redis_connections_lost, metrics.connections_lost.load());
  out.value(Metric::redis_messages_dropped, metrics.messages_malformed.load(),
            {{"reason", "malformed"}});
  out.value(Metric::redis_messages_dropped, metrics.messages_foreign.load(),
            {{"reason", "other_log"}});
}

}  // namespace

void add_process_metrics(MetricsRegistry& registry, const HealthRegistry& health,
                         std::string role) {
  registry.add([&health, role = std::move(role)](MetricSamples& out) {
    out.value(Metric::build_info, 1,
              {{"version", OEE_VERSION}, {"compiler", "g++ " __VERSION__}, {"role", role}});
    out.value(Metric::ready, health.readiness().ready ? 1 : 0);
    out.value(Metric::draining, health.draining() ? 1 : 0);
    out.value(Metric::fail_stop, health.failed() ? 1 : 0);
    for (const auto& [level, name] :
         {std::pair(log::Level::debug, "debug"), std::pair(log::Level::info, "info"),
          std::pair(log::Level::warn, "warn"), std::pair(log::Level::error, "error")})
      out.value(Metric::log_lines, log::lines(level), {{"level", name}});
    out.value(Metric::log_lines_dropped, log::lines_dropped());
    const ProcessMetrics process = read_process_metrics();
    out.value(Metric::process_cpu, process.cpu_seconds);
    out.value(Metric::process_resident_memory, process.resident_bytes);
    out.value(Metric::process_virtual_memory, process.virtual_bytes);
    out.value(Metric::process_open_fds, process.open_fds);
    out.value(Metric::process_max_fds, process.max_fds);
    out.value(Metric::process_threads, process.threads);
    out.value(Metric::process_start_time, process.start_time_seconds);
  });
}

void add_consumer_metrics(MetricsRegistry& registry, const RocksLog& log,
                          const Projector& projector, const Publisher& publisher,
                          const ConsumerLags& lags) {
  registry.add([&](MetricSamples& out) {
    // The positions are read first, so that the lag is never negative.
    const Seq projected = projector.metrics().applied.load();
    const Seq published = publisher.published();
    const Seq durable = log.metrics().durable_head.load();
    const auto add = [&](std::string_view consumer, Seq position, const ConsumerLag& lag) {
      out.value(Metric::consumer_seq, position, {{"consumer", consumer}});
      out.value(Metric::consumer_lag_events, durable > position ? durable - position : 0,
                {{"consumer", consumer}});
      out.value(Metric::consumer_lag_seconds, lag.seconds(), {{"consumer", consumer}});
    };
    add("projector", projected, lags.of_projector());
    add("publisher", published, lags.of_publisher());
    out.value(Metric::projector_batches, projector.metrics().batches.load());
    out.value(Metric::projector_retries, projector.metrics().retries.load());
  });
}

void add_server_metrics(MetricsRegistry& registry, const Config& config, const Bus& bus,
                        const RedisBusMetrics& bus_metrics,
                        std::function<std::string()> postgres_unhealthy_reason) {
  if (!config.redis_url.empty())
    registry.add([&bus, &bus_metrics](MetricSamples& out) { add_redis(out, bus, bus_metrics); });
  if (!config.postgres_url.empty())
    registry.add([reason = std::move(postgres_unhealthy_reason)](MetricSamples& out) {
      out.value(Metric::postgres_up, reason().empty() ? 1 : 0);
    });
}

void add_access_log_metrics(MetricsRegistry& registry, const RequestLog& request_log) {
  if (request_log.access_log() == nullptr) return;
  registry.add([&log = *request_log.access_log()](MetricSamples& out) {
    out.value(Metric::access_log_lines, log.written(), {{"result", "written"}});
    out.value(Metric::access_log_lines, log.dropped(), {{"result", "dropped"}});
  });
}

void add_dead_letter_metrics(MetricsRegistry& registry, Worker& queries_worker,
                             OrderQueries& queries) {
  registry.add([&](MetricSamples& out) {
    const auto answer = std::make_shared<std::promise<Result<DeadLetterCounts>>>();
    auto pending = answer->get_future();
    const bool taken = queries_worker.post(
        [answer, &queries] { answer->set_value(queries.dead_letter_counts({})); });
    // An unknown count is left out, not reported as 0.
    if (!taken || pending.wait_for(query_wait_max) != std::future_status::ready) return;
    const Result<DeadLetterCounts> counts = pending.get();
    if (counts.ok()) out.value(Metric::dead_letters_open, counts->dead);
  });
}

}  // namespace oee
