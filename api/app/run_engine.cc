#include "api/app/run_engine.h"

#include <cstdlib>

#include "api/app/access_files.h"
#include "api/app/adapters.h"
#include "api/app/component_options.h"
#include "api/app/halt_marker.h"
#include "api/app/health.h"
#include "api/app/metrics.h"
#include "api/app/process/loop_pulse.h"
#include "api/app/process/main_loop.h"
#include "api/app/process/supervisor_notify.h"
#include "api/app/risk_file.h"
#include "api/app/start_report.h"
#include "api/http/request_log.h"
#include "core/base/log.h"
#include "core/risk/control.h"
#include "core/venue/paper/exchange.h"
#include "eventlog/rocks/log.h"
#include "projections/log_history.h"
#include "projections/projector.h"
#include "projections/publisher.h"

namespace oee {
namespace {

constexpr std::size_t worker_queue_max = 8'192;

// The stores and the loops of the shards. Destroyed in reverse order: the exchange outlives the
// venues of the loops.
struct Stores {
  std::unique_ptr<paper::Exchange> exchange;
  std::vector<std::unique_ptr<ShardLoop>> loops;
  std::unique_ptr<RiskControl> risk;  // null: there are no limits
  std::unique_ptr<RocksLog> log;
  ReadSide read_side;
  std::shared_ptr<RedisBusMetrics> bus_metrics = std::make_shared<RedisBusMetrics>();
  std::unique_ptr<Bus> bus;

  const Clock& clock() const { return *loops.front()->clock; }
};

Result<std::unique_ptr<RocksLog>> open_log(const Config& config, const OnFailStop& fail_stop,
                                           const Clock& clock, RiskControl* risk) {
  RocksLogOptions options = log_options(config, fail_stop);
  options.risk = risk;
  auto log = RocksLog::open(std::move(options), clock);
  if (log.ok() || log.error().code != Errc::in_use) return log;
  return Error{Errc::in_use, "the data directory " + config.data_dir.string() +
                                 " is in use by another process (" + log.error().detail + ")"};
}

Result<Stores> open_stores(const Config& config, const TokenRegistry& tokens,
                           const OnFailStop& fail_stop) {
  Stores stores;
  stores.loops = make_loops(config.shards);
  if (!config.risk_file.empty()) stores.risk = std::make_unique<RiskControl>();
  OEE_TRY_ASSIGN(stores.log, open_log(config, fail_stop, stores.clock(), stores.risk.get()));
  OEE_TRY_ASSIGN(stores.exchange,
                 paper::Exchange::open(paper_options(config), tokens, stores.clock(), fail_stop));
  for (auto& own : stores.loops) {
    own->venues = stores.exchange->connect(own->loop, *own->clock, *own->entropy);
    own->pools = stores.exchange->pools();
    own->market = stores.exchange->control(own->loop);
  }
  OEE_TRY_ASSIGN(stores.read_side, open_read_side(config, stores.log->identity()));
  OEE_TRY_ASSIGN(stores.bus, make_bus(config, stores.log->identity(), stores.bus_metrics));
  return stores;
}

// The readers of the stores: history and queries with their threads, and the consumers of the log.
struct Readers {
  Readers(const Config& config, const Stores& stores, const OnFailStop& fail_stop)
      : history(*stores.log),
        history_worker("read", worker_queue_max, history_threads(config),
                       WorkerPriority::background),
        // Every subscriber of a full server may wait for a page.
        backfill_worker("backfill", config.connections_max, backfill_threads(config),
                        WorkerPriority::background),
        queries_worker("query", worker_queue_max, query_threads(config),
                       WorkerPriority::background),
        projector(*stores.log, stores.log->identity(), *stores.read_side.model,
                  projector_options(config, fail_stop)),
        publisher(*stores.log, stores.log->identity(), *stores.bus),
        lags(*stores.log, projector, publisher) {}

  LogHistory history;
  Worker history_worker;
  Worker backfill_worker;
  Worker writes_worker{"write-read", worker_queue_max};
  Worker queries_worker;
  Projector projector;
  Publisher publisher;
  ConsumerLags lags;
};

EngineSeams seams_of(Stores& stores, Readers& readers, MetricsRegistry& registry,
                     const HaltMarker& marker) {
  RocksLog& log = *stores.log;
  return EngineSeams{
      .loops = stores.loops,
      .history = readers.history,
      .history_worker = readers.history_worker,
      .backfill_worker = readers.backfill_worker,
      .queries = *stores.read_side.queries,
      .queries_worker = readers.queries_worker,
      .bus = *stores.bus,
      .log = &log,
      .writes_worker = &readers.writes_worker,
      .start_log = [&log](std::span<BlockSink* const> sinks) { log.start(sinks); },
      .stream_position = [&log]() -> Result<ProjectionCursor> {
        return ProjectionCursor{log.identity(), log.wait_past(0, std::chrono::milliseconds(0))};
      },
      .on_halted = [&marker] { marker.remove(); },
      .metrics = &registry,
      .risk = stores.risk.get(),
  };
}

void add_health(HealthRegistry& health, const Config& config, const Stores& stores,
                const Readers& readers) {
  add_setup_health(health, config, "engine");
  add_log_health(health, *stores.log);
  add_consumer_health(health, *stores.log, readers.projector, readers.publisher, readers.lags);
  add_bus_health(health, *stores.bus, *stores.bus_metrics);
}

void add_metrics(MetricsRegistry& registry, const Config& config, const HealthRegistry& health,
                 const Stores& stores, Readers& readers) {
  add_process_metrics(registry, health, "engine");
  add_log_metrics(registry, *stores.log);
  add_consumer_metrics(registry, *stores.log, readers.projector, readers.publisher, readers.lags);
  add_server_metrics(registry, config, *stores.bus, *stores.bus_metrics,
                     [&readers] { return readers.projector.unhealthy_reason(); });
  add_dead_letter_metrics(registry, readers.queries_worker, *stores.read_side.queries);
}

void run_until_stopped(MainLoop& main_loop, const Clock& clock, ConsumerLags& lags, Engine& engine,
                       Micros hint_every, SupervisorNotify& supervisor) {
  SteadyTime hint_due = clock.steady_now() + hint_every;
  main_loop.run([&] {
    const SteadyTime now = clock.steady_now();
    lags.sample(now);
    engine.end_expired(clock.now());
    engine.options().request_log->report(now);
    supervisor.update();
    if (now < hint_due) return;
    hint_due = now + hint_every;
    engine.store_hint();
  });
}

// false: the engine did not end in time.
bool stop(Stores& stores, Readers& readers, Engine& engine) {
  engine.store_hint();
  const bool clean = engine.stop();
  readers.publisher.stop();
  readers.projector.stop();
  stores.log->stop();
  stores.exchange->stop();
  const bool logged = flush_access_log(*engine.options().request_log);
  log::info("stopped", log::field("headSeq", stores.log->metrics().durable_head.load()));
  return clean && logged;
}

}  // namespace

int run_engine(const Config& config, const TokenRegistry& tokens, EngineOptions options) {
  MainLoop main_loop;
  HealthRegistry health;
  const HaltMarker marker(config.data_dir);
  const auto fail_stop = [&main_loop, &health, &marker](const Error& why) {
    health.set_failed(why.detail);
    main_loop.fail_stop(why);
    marker.write(why.detail);  // last: a disk that hangs must not keep the process alive
  };
  const auto mark_damage = [&marker](const Error& why) {
    if (why.code == Errc::corrupt) marker.write(why.detail);
    return why;
  };
  auto limits = read_risk_limits(config, tokens);
  if (!limits.ok()) return refuse_start(limits.error());
  options.limits_at_start = *std::move(limits);
  auto opened = open_stores(config, tokens, fail_stop);
  if (!opened.ok()) return refuse_start(mark_damage(opened.error()));
  Stores stores = *std::move(opened);
  Readers readers(config, stores, fail_stop);
  add_health(health, config, stores, readers);

  MetricsRegistry registry;
  options.halt_at_start = marker.read();
  if (options.halt_at_start.empty() && config.start_halted)
    options.halt_at_start = "started with --start-halted";
  Engine engine(seams_of(stores, readers, registry, marker), options, health, tokens);
  add_order_health(health, engine, stores.clock());
  add_metrics(registry, config, health, stores, readers);
  add_engine_metrics(registry, engine, stores.clock());
  add_access_log_metrics(registry, *options.request_log);

  if (const auto started = engine.start(); !started.ok())
    abandon_start(mark_damage(started.error()));
  readers.publisher.start();
  readers.projector.start();
  log_listening(config, engine.port(), "engine");
  main_loop.on_hangup([&] {
    reload_access(config, engine);
    reload_risk_limits(config, tokens, engine);
  });
  LoopPulse pulse(stores.loops);
  SupervisorNotify supervisor(health, serving_status(config, engine.port()), [&] {
    return pulse.beat() && log_stall_reason(stores.log->metrics()).empty();
  });
  run_until_stopped(main_loop, stores.clock(), readers.lags, engine, options.hint_every,
                    supervisor);

  supervisor.stopping();
  const bool clean = stop(stores, readers, engine);
  int code = main_loop.failed_code();
  if (code == 0 && stores.log->metrics().failed) code = 1;  // in the log's last sync
  // All answered events are durable; a slow socket or access log must not hold the process.
  if (!clean) std::quick_exit(code);
  return code;
}

}  // namespace oee
