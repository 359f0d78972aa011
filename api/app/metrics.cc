#include "api/app/metrics.h"

#include <future>

#include "api/telemetry/process_metrics.h"
#include "core/base/log.h"

namespace oee {
namespace {

// The read model answers in microseconds, PostgreSQL in milliseconds, or not at all.
constexpr std::chrono::seconds query_wait_max{1};

}  // namespace

void add_process_metrics(Metrics& metrics, const HealthBoard& health, std::string role) {
  metrics.add([&health, role = std::move(role)](MetricSamples& out) {
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
    const ProcessFigures process = read_process_figures();
    out.value(Metric::process_cpu, process.cpu_seconds);
    out.value(Metric::process_resident_memory, process.resident_bytes);
    out.value(Metric::process_virtual_memory, process.virtual_bytes);
    out.value(Metric::process_open_fds, process.open_fds);
    out.value(Metric::process_max_fds, process.max_fds);
    out.value(Metric::process_threads, process.threads);
    out.value(Metric::process_start_time, process.start_time_seconds);
  });
}

void add_consumer_metrics(Metrics& metrics, const RocksLog& log, const Projector& projector,
                          const Publisher& publisher, const ConsumerLags& lags) {
  metrics.add([&](MetricSamples& out) {
    // The positions first: what is appended meanwhile is no lag.
    const Seq projected = projector.stats().applied.load();
    const Seq published = publisher.published();
    const Seq durable = log.stats().durable_head.load();
    const auto add = [&](std::string_view consumer, Seq position, const ConsumerLag& lag) {
      out.value(Metric::consumer_seq, position, {{"consumer", consumer}});
      out.value(Metric::consumer_lag_events, durable > position ? durable - position : 0,
                {{"consumer", consumer}});
      out.value(Metric::consumer_lag_seconds, lag.seconds(), {{"consumer", consumer}});
    };
    add("projector", projected, lags.of_projector());
    add("publisher", published, lags.of_publisher());
    out.value(Metric::projector_batches, projector.stats().batches.load());
    out.value(Metric::projector_retries, projector.stats().retries.load());
  });
}

void add_redis_metrics(Metrics& metrics, const Bus& bus, const RedisBusStats& stats) {
  metrics.add([&](MetricSamples& out) {
    out.value(Metric::redis_up, bus.unhealthy_reason().empty() ? 1 : 0);
    out.value(Metric::redis_updates, stats.updates_published.load(), {{"result", "published"}});
    out.value(Metric::redis_updates, stats.updates_dropped.load(), {{"result", "dropped"}});
    out.value(Metric::redis_updates, stats.updates_received.load(), {{"result", "received"}});
    out.value(Metric::redis_connections_lost, stats.connections_lost.load());
  });
}

void add_postgres_metrics(Metrics& metrics, std::function<std::string()> unhealthy_reason) {
  metrics.add([unhealthy_reason = std::move(unhealthy_reason)](MetricSamples& out) {
    out.value(Metric::postgres_up, unhealthy_reason().empty() ? 1 : 0);
  });
}

void add_dead_letter_metrics(Metrics& metrics, Worker& queries_worker, OrderQueries& queries) {
  metrics.add([&](MetricSamples& out) {
    const auto answer = std::make_shared<std::promise<Result<DeadLetterStats>>>();
    auto asked = answer->get_future();
    const bool taken =
        queries_worker.post([answer, &queries] { answer->set_value(queries.dead_letter_stats()); });
    // Unknown is better left out than told as none.
    if (!taken || asked.wait_for(query_wait_max) != std::future_status::ready) return;
    const Result<DeadLetterStats> stats = asked.get();
    if (stats.ok()) out.value(Metric::dead_letters_open, stats->dead);
  });
}

}  // namespace oee
