#include "api/app/run_gateway.h"

#include <cstdlib>

#include "api/app/access_files.h"
#include "api/app/adapters.h"
#include "api/app/component_options.h"
#include "api/app/health.h"
#include "api/app/metrics.h"
#include "api/app/process/loop_pulse.h"
#include "api/app/process/main_loop.h"
#include "api/app/process/supervisor_notify.h"
#include "api/app/start_report.h"
#include "api/http/request_log.h"
#include "core/base/log.h"
#include "projections/postgres/adapters.h"

namespace oee {
namespace {

constexpr std::size_t worker_queue_max = 8'192;

// The position from which the stream is live: the cursor in PostgreSQL. Waits until it can be read.
// closed: a stop was requested meanwhile.
Result<ProjectionCursor> wait_for_position(OrderQueries& queries, MainLoop& main_loop) {
  for (;;) {
    const auto cursor = queries.cursor();
    if (cursor.ok()) return *cursor;
    log::warn("PostgreSQL cannot be read; trying again", log::field("why", cursor.error().detail));
    if (!main_loop.wait(std::chrono::milliseconds(1'000)))
      return Error{Errc::closed, "stopped before PostgreSQL could be read"};
  }
}

}  // namespace

int run_gateway(const Config& config, const TokenRegistry& tokens, const EngineOptions& options) {
  MainLoop main_loop;
  auto loops = make_loops(config.shards);
  const Clock& clock = *loops[0]->clock;
  AnnouncedHead announced;
  ConsumerLag lag;
  PostgresOptions checked = postgres_options(config);
  checked.check_tables = [&announced](const ProjectionCursor& at) { return announced.check(at); };
  auto history = make_postgres_history(checked);
  auto queries = make_postgres_queries(checked);
  // On a connection of their own, so that queries of clients do not delay them: the start and the
  // probe.
  auto own_queries = make_postgres_queries(postgres_options(config));
  PostgresProbe probe;
  Worker history_worker("read", worker_queue_max, history_threads(config),
                        WorkerPriority::background);
  // Every subscriber of a full server may wait for a page.
  Worker backfill_worker("backfill", config.connections_max, backfill_threads(config),
                         WorkerPriority::background);
  Worker queries_worker("query", worker_queue_max, query_threads(config),
                        WorkerPriority::background);
  Worker probe_worker("probe", 1);
  const auto bus_metrics = std::make_shared<RedisBusMetrics>();
  auto bus = make_bus(config, LogIdentity{}, bus_metrics);
  if (!bus.ok()) return refuse_start(bus.error());
  (*bus)->subscribe(announced);

  HealthRegistry health;
  add_setup_health(health, config, "gateway");
  add_bus_health(health, **bus, *bus_metrics);
  add_gateway_health(health, probe, announced, lag, clock);

  MetricsRegistry registry;
  EngineSeams seams{
      .loops = loops,
      .history = *history,
      .history_worker = history_worker,
      .backfill_worker = backfill_worker,
      .queries = *queries,
      .queries_worker = queries_worker,
      .bus = **bus,
      .announced = &announced,
      .stream_position = [&] { return wait_for_position(*own_queries, main_loop); },
      .metrics = &registry,
  };
  Engine engine(std::move(seams), options, health, tokens);
  add_process_metrics(registry, health, "gateway");
  add_server_metrics(registry, config, **bus, *bus_metrics,
                     [&] { return probe.unhealthy_reason(clock.steady_now()); });
  add_dead_letter_metrics(registry, queries_worker, *queries);
  add_engine_metrics(registry, engine, clock);
  add_access_log_metrics(registry, *options.request_log);

  if (const auto started = engine.start(); !started.ok()) {
    if (started.error().code == Errc::closed) std::quick_exit(0);
    abandon_start(started.error());
  }
  log_listening(config, engine.port(), "gateway");
  main_loop.on_hangup([&] { reload_access(config, engine); });
  LoopPulse pulse(loops);
  SupervisorNotify supervisor(health, serving_status(config, engine.port()),
                              [&pulse] { return pulse.beat(); });
  main_loop.run([&] {
    probe.start(probe_worker, *own_queries, clock.steady_now());
    lag.sample(clock.steady_now(), announced.get().last_seq, probe.projected().last_seq);
    engine.end_expired(clock.now());
    options.request_log->report(clock.steady_now());
    supervisor.update();
  });

  supervisor.stopping();
  const bool stopped = engine.stop();
  const bool clean = flush_access_log(*options.request_log) && stopped;
  log::info("stopped");
  if (!clean) std::quick_exit(0);  // a slow socket or access log must not hold the process
  return 0;
}

}  // namespace oee
