#include "api/app/app.h"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <thread>

#include "api/app/access_files.h"
#include "api/app/health.h"
#include "api/app/metrics.h"
#include "api/app/parts.h"
#include "api/app/process_limits.h"
#include "api/app/supervisor_notify.h"
#include "api/engine/engine.h"
#include "core/base/exit_code.h"
#include "core/base/log.h"
#include "core/venue/paper/venue.h"
#include "eventlog/rocks/log.h"
#include "projections/log_history.h"
#include "projections/postgres/postgres.h"
#include "projections/projector.h"
#include "projections/publisher.h"
#include "projections/redis/bus.h"

namespace oee {
namespace {

constexpr std::size_t worker_queue_max = 8'192;

// Signals and the fail-stop, both handled on the main thread.
class MainLoop {
 public:
  MainLoop() : signals_(loop_, SIGTERM, SIGINT), hangups_(loop_, SIGHUP), timer_(loop_) {
    std::signal(SIGPIPE, SIG_IGN);
    signals_.async_wait([this](const boost::system::error_code& ec, int) {
      if (ec) return;
      stop_requested_ = true;
      loop_.stop();
    });
  }

  // `reload` is called at every SIGHUP from here on.
  void on_hangup(std::function<void()> reload) {
    hangups_.async_wait(
        [this, reload = std::move(reload)](const boost::system::error_code& ec, int) {
          if (ec) return;
          reload();
          on_hangup(reload);
        });
  }

  // Any thread. The process leaves with the error's exit code as soon as answers under way are out.
  void fail_stop(const Error& why) {
    log::error("fail-stop", log::field("why", why.detail), log::field("code", to_string(why.code)));
    post(loop_, [code = exit_code(why.code)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      std::quick_exit(code == 0 ? 1 : code);
    });
  }

  // `upkeep` is called every second, or later when it takes longer.
  void run(std::function<void()> upkeep) {
    arm(std::move(upkeep));
    if (!stop_requested_) loop_.run();
    if (!stop_requested_) return;
    log::info("stopping");
    stopping_watch_ = std::thread([] {
      // An orderly stop takes less; a stuck one must not keep a supervisor waiting.
      std::this_thread::sleep_for(std::chrono::milliseconds(9'500));
      log::error("the stop took too long; leaving at once, the next start recovers");
      std::quick_exit(1);
    });
    stopping_watch_.detach();
  }
  // For waits before run(): handles signals for a while; false when asked to stop.
  bool wait(std::chrono::milliseconds time) {
    loop_.run_for(time);
    return !stop_requested_;
  }

 private:
  void arm(std::function<void()> upkeep) {
    timer_.expires_after(ConsumerLag::sample_every);
    timer_.async_wait([this, upkeep = std::move(upkeep)](const boost::system::error_code& ec) {
      if (ec) return;
      upkeep();
      arm(upkeep);
    });
  }
  Loop loop_{1};
  boost::asio::signal_set signals_;
  boost::asio::signal_set hangups_;
  boost::asio::steady_timer timer_;
  std::thread stopping_watch_;
  bool stop_requested_ = false;
};

void announce(const Config& config, std::uint16_t port, const std::string& role) {
  log::info("listening", log::field("host", config.listen_host), log::field("port", port),
            log::field("role", role), log::field("shards", config.shards),
            log::field("access", config.access_file.empty() ? "open" : "tokens"),
            log::field("tls", config.tls_cert.empty() ? "off" : "on"),
            log::field("readModel", read_model_name(config)), log::field("bus", bus_name(config)));
}

std::string served_at(const Config& config, std::uint16_t port) {
  return "serving on " + config.listen_host + " port " + std::to_string(port);
}

int refuse(const Error& error) {
  log::error("cannot start", log::field("why", error.detail));
  return exit_code(error.code);
}

// What the lock file's error means.
Error in_words(Error error, const Config& config) {
  if (error.code == Errc::in_use)
    error.detail = "the data directory " + config.data_dir.string() +
                   " is in use by another process (" + error.detail + ")";
  return error;
}

// Of the servers that are configured.
void add_shared_metrics(Metrics& metrics, const Config& config, const Bus& bus,
                        const RedisBusStats& stats, std::function<std::string()> postgres_trouble) {
  if (!config.redis_url.empty()) add_redis_metrics(metrics, bus, stats);
  if (!config.postgres_url.empty()) add_postgres_metrics(metrics, std::move(postgres_trouble));
}

void run_until_stopped(MainLoop& main_loop, const Clock& clock, ConsumerLags& lags, Engine& engine,
                       Micros hint_every, SupervisorNotify& supervisor) {
  SteadyTime hint_due = clock.steady_now() + hint_every;
  main_loop.run([&] {
    const SteadyTime now = clock.steady_now();
    lags.sample(now);
    supervisor.look();
    if (now < hint_due) return;
    hint_due = now + hint_every;
    engine.store_hint();
  });
}

int run_engine(const Config& config, const TokenRegistry& tokens, const EngineOptions& options) {
  MainLoop main_loop;
  HealthBoard health;
  const auto fail_stop = [&main_loop, &health](const Error& why) {
    health.set_failed(why.detail);
    main_loop.fail_stop(why);
  };
  std::unique_ptr<PaperExchange> exchange;  // outlives the venues in `loops`
  auto loops = make_loops(config.shards);
  const Clock& clock = *loops[0]->clock;

  auto log = RocksLog::open(log_options(config, fail_stop), clock);
  if (!log.ok()) return refuse(in_words(log.error(), config));
  auto opened_exchange = PaperExchange::open(paper_options(config), tokens, clock, fail_stop);
  if (!opened_exchange.ok()) return refuse(opened_exchange.error());
  exchange = *std::move(opened_exchange);
  for (auto& own : loops) own->venues = exchange->connect(own->loop, *own->clock, *own->entropy);

  auto read_side = open_read_side(config, (*log)->id());
  if (!read_side.ok()) return refuse(read_side.error());
  const auto bus_stats = std::make_shared<RedisBusStats>();
  auto bus = make_bus(config, (*log)->id(), bus_stats);
  if (!bus.ok()) return refuse(bus.error());
  LogHistory history(**log);
  Worker history_worker("read", worker_queue_max);
  Worker queries_worker("query", worker_queue_max);
  Projector projector(**log, (*log)->id(), *read_side->model, projector_options(config, fail_stop));
  Publisher publisher(**log, (*log)->id(), **bus);

  ConsumerLags lags(**log, projector, publisher);
  add_setup_health(health, config, "engine");
  add_log_health(health, **log);
  add_consumer_health(health, **log, projector, publisher, lags);
  add_bus_health(health, **bus, *bus_stats);
  Metrics metrics;
  EngineSeams seams{
      loops,
      history,
      history_worker,
      *read_side->queries,
      queries_worker,
      **bus,
      log->get(),
      [&log](std::span<BlockSink* const> sinks) { (*log)->start(sinks); },
      [&log]() -> Result<Seq> { return (*log)->wait_past(0, std::chrono::milliseconds(0)); },
      &metrics};
  Engine engine(std::move(seams), options, health, tokens);
  add_order_health(health, engine, clock);
  add_process_metrics(metrics, health, "engine");
  add_log_metrics(metrics, **log);
  add_consumer_metrics(metrics, **log, projector, publisher, lags);
  add_shared_metrics(metrics, config, **bus, *bus_stats,
                     [&] { return projector.unhealthy_reason(); });
  add_dead_letter_metrics(metrics, queries_worker, *read_side->queries);
  add_engine_metrics(metrics, engine, clock);
  const auto started = engine.start();
  if (!started.ok()) {
    const int code = refuse(started.error());
    std::quick_exit(started.error().code == Errc::in_use ? 1 : code);  // the port, not the data
  }
  publisher.start();
  projector.start();
  announce(config, engine.port(), "engine");
  main_loop.on_hangup([&] { reload_access(config, engine); });
  SupervisorNotify supervisor(health, served_at(config, engine.port()));
  run_until_stopped(main_loop, clock, lags, engine, options.hint_every, supervisor);

  supervisor.stopping();
  engine.store_hint();
  const bool clean = engine.stop();
  publisher.stop();
  projector.stop();
  (*log)->stop();
  exchange->stop();
  log::info("stopped", log::field("headSeq", (*log)->stats().durable_head.load()));
  if (!clean) std::quick_exit(0);  // all is durable; a slow socket must not hold the process
  return 0;
}

int run_gateway(const Config& config, const TokenRegistry& tokens, const EngineOptions& options) {
  MainLoop main_loop;
  auto loops = make_loops(config.shards);
  auto history = make_postgres_history(postgres_options(config));
  auto queries = make_postgres_queries(postgres_options(config));
  GatewayReads reads;
  Worker history_worker("read", worker_queue_max);
  Worker queries_worker("query", worker_queue_max);
  const auto bus_stats = std::make_shared<RedisBusStats>();
  auto bus = make_bus(config, LogId{}, bus_stats);
  if (!bus.ok()) return refuse(bus.error());

  HealthBoard health;
  Metrics metrics;
  add_setup_health(health, config, "gateway");
  add_bus_health(health, **bus, *bus_stats);
  add_gateway_health(health, reads, *loops[0]->clock);
  // the main thread's connection
  auto own_cursor = make_postgres_queries(postgres_options(config));
  const auto position = [&]() -> Result<Seq> {
    for (;;) {
      const auto cursor = own_cursor->cursor();
      if (cursor.ok()) return cursor->last_seq;
      log::warn("postgresql cannot be read; retrying", log::field("why", cursor.error().detail));
      if (!main_loop.wait(std::chrono::milliseconds(1'000)))
        return Error{Errc::closed, "stopped before PostgreSQL could be read"};
    }
  };
  EngineSeams seams{loops,   *history, history_worker, *queries, queries_worker, **bus,
                    nullptr, {},       position,       &metrics};
  Engine engine(std::move(seams), options, health, tokens);
  const Clock& clock = *loops[0]->clock;
  add_process_metrics(metrics, health, "gateway");
  add_shared_metrics(metrics, config, **bus, *bus_stats,
                     [&] { return reads.unhealthy_reason(clock.steady_now()); });
  add_dead_letter_metrics(metrics, queries_worker, *queries);
  add_engine_metrics(metrics, engine, clock);
  const auto started = engine.start();
  if (!started.ok()) {
    const int code = started.error().code == Errc::closed ? 0 : refuse(started.error());
    std::quick_exit(started.error().code == Errc::in_use ? 1 : code);
  }
  announce(config, engine.port(), "gateway");
  main_loop.on_hangup([&] { reload_access(config, engine); });
  SupervisorNotify supervisor(health, served_at(config, engine.port()));
  main_loop.run([&] {
    reads.look(queries_worker, *queries, clock.steady_now());
    supervisor.look();
  });
  supervisor.stopping();
  const bool clean = engine.stop();
  log::info("stopped");
  if (!clean) std::quick_exit(0);
  return 0;
}

}  // namespace

Result<void> check_named_files(const Config& config) {
  OEE_TRY(load_tokens(config));
  EngineOptions unused;
  return add_access(config, unused);
}

int run_app(const Config& config) {
  log::configure(config.log_format, config.log_level);
  stop_when_memory_runs_out();
  auto tokens = load_tokens(config);
  if (!tokens.ok()) return refuse(tokens.error());
  std::error_code ec;
  std::filesystem::create_directories(config.data_dir, ec);
  if (ec && config.role == Role::all)
    return refuse({Errc::invalid, "data-dir " + config.data_dir.string() + ": " + ec.message()});
  const auto options = engine_options(config);
  if (!options.ok()) return refuse(options.error());
  return config.role == Role::gateway ? run_gateway(config, *tokens, *options)
                                      : run_engine(config, *tokens, *options);
}

}  // namespace oee
