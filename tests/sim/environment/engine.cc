#include "tests/sim/environment/engine.h"

#include "api/engine/engine.h"
#include "api/telemetry/log_stall.h"
#include "tests/sim/plan/registry.h"

namespace oee::sim {
namespace {

constexpr Micros head_every{250'000};
constexpr Micros projector_backoff{300'000};
// The limits of PostgresOptions and QuerySessions, each with the grace of its answer.
constexpr Micros projector_timeout{35'000'000};
constexpr Micros query_timeout{10'000'000};
constexpr Micros connections_wait{1'000'000};  // Engine::stop(): for the requests in hand
constexpr std::uint64_t steps_after_kill_max = 2'000'000;
constexpr std::uint64_t open_orders_max = 1'000;

ShardOptions shard_options(const Plan& plan, const Mutants& mutants) {
  ShardOptions options;
  options.executor.retry.attempts_max = mutants.attempts_max;
  // Few, so that orders wait for a free slot, and for a venue that is full.
  options.executor.concurrency = 4;
  options.executor.live_attempts_max = 6;
  options.executor.routes.impact_min_bps = 0;
  options.executor.routes.leg_gain_min_bps = plan.leg_gain_min_bps;
  options.executor.quote_max = mutants.quote_max;
  options.executor.retry.backoff = Micros(500'000);
  options.stream.ring_updates_max = 64;  // few, so that history is also read from the log
  options.stream.subscriber_updates_max = 256;
  return options;
}

ProjectorOptions projector_options(const Clock& clock) {
  ProjectorOptions options;
  options.clock = &clock;
  return options;
}

}  // namespace

SimEngine::SimEngine(SimEnvironment& environment)
    : environment_(environment),
      entropy_(environment.dice),
      session_(environment.log, environment.mutants),
      log_(session_, environment.mutants.log, environment.log),
      publisher_log_(*log_, environment.mutants.publisher_log, environment.log),
      log_history_(*log_),
      history_(log_history_, environment.mutants.history),
      tables_(environment.tables, environment.mutants.tables),
      writes_worker_(environment.mutants.writes_on_query_thread ? query_loop_ : read_loop_, 4'096),
      sim_bus_(environment.redis, environment.log.id()),
      bus_(sim_bus_, environment.mutants.bus),
      background_clock_(environment.time),
      projector_(*log_, environment.log.id(), *tables_, projector_options(background_clock_)),
      publisher_(*publisher_log_, environment.log.id(), *bus_),
      projector_thread_(environment.tables, background_clock_, projector_timeout),
      query_thread_(environment.tables, background_clock_, query_timeout),
      parts_(parts_context(), shard_options(environment.plan, environment.mutants),
             open_orders_max) {
  if (!environment.mutants.readyz_without_disk)
    health_.add_check([this] { return log_stall_reason(environment_.disk.commit_age()); });
}

SimEngine::~SimEngine() {
  for (const auto& shard : parts_.shards())
    for (const auto& venue : shard->executor_metrics().venues)
      for (const auto& breaker : venue->breakers) {
        const bool is_open = breaker.state != CircuitBreaker::State::closed;
        environment_.coverage.hit(Point::breaker_opened, breaker.openings.get());
        environment_.coverage.hit(Point::breaker_closed,
                                  breaker.openings.get() - (is_open ? 1 : 0));
      }
}

EnginePartsContext SimEngine::parts_context() {
  EnginePartsContext context{
      .shards = {},
      .bus = *bus_,
      .health = health_,
      .tokens = sim_tokens(),
      .log = &*log_,
      .risk = environment_.risk,
      .start_log = [this](std::span<BlockSink* const> sinks) { session_.start(sinks); },
      .stream_position = [this]() -> Result<ProjectionCursor> {
        return ProjectionCursor{environment_.log.id(),
                                log_->wait_past(0, std::chrono::milliseconds(0))};
      },
      .limits_at_start = environment_.risk_limits};
  for (std::uint32_t i = 0; i < environment_.plan.shards; ++i) {
    ShardLoop& own = *loops_.emplace_back(std::make_unique<ShardLoop>(environment_.time));
    own.wires = environment_.venues.connect(own.loop, own.clock);
    own.pools = environment_.venues.pools();
    ShardSeams seams{.loop = own.loop,
                     .clock = own.clock,
                     .entropy = entropy_,
                     .history = *history_,
                     .history_worker = read_worker_,
                     .backfill_worker = backfill_worker_,
                     .queries = environment_.tables,
                     .queries_worker = query_worker_,
                     .log = &*log_,
                     .writes_worker = &writes_worker_,
                     .pools = own.pools.get(),
                     .risk = environment_.risk};
    for (const auto& wire : own.wires) own.venues.emplace_back(*wire, environment_.mutants.venue);
    for (const Seam<Venue>& venue : own.venues) seams.venues.push_back(&*venue);
    context.shards.push_back(std::move(seams));
  }
  return context;
}

Result<void> SimEngine::start() {
  OEE_TRY_ASSIGN(const Recovered recovered, parts_.start());
  recovery_steps_ = 4 + 8 * recovered.open_orders;
  const auto beat = [this](auto& self) -> void {
    // 0: the publisher has not begun.
    if (publisher_.published() != 0)
      bus_->publish_head(environment_.log.id(), publisher_.published());
    background_clock_.call_at(background_clock_.steady_now() + head_every,
                              [this, self]() mutable { self(self); });
  };
  beat(beat);
  return {};
}

bool SimEngine::step(std::uint64_t first) {
  ++steps_;
  const std::size_t loops = loops_.size();
  const std::size_t parts = 2 * loops + 5;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::size_t part = (first + i) % parts;
    bool did = false;
    if (part < loops) {
      did = loops_[part]->loop.poll_one() > 0;
    } else if (part < 2 * loops) {
      did = loops_[part - loops]->clock.fire_due();
    } else if (part == 2 * loops) {
      did = read_loop_.poll_one() > 0;
    } else if (part == 2 * loops + 1) {
      did = query_thread_.free() && query_loop_.poll_one() > 0;
    } else if (part == 2 * loops + 2) {
      did = step_projector();
    } else if (part == 2 * loops + 3) {
      did = step_publisher();
    } else {
      did = background_clock_.fire_due();
    }
    if (did) return true;
  }
  return false;
}

bool SimEngine::step_projector() {
  if (environment_.time.steady < projector_pause_ || stopping_ || !projector_thread_.free())
    return false;
  const auto applied = projector_.step();
  if (applied.ok()) return *applied > 0;
  check(applied.error().code != Errc::corrupt, "the projector reports a damaged log");
  // The pause of Projector::run_thread() between two attempts.
  projector_pause_ = environment_.time.steady + projector_backoff;
  background_clock_.call_at(projector_pause_, [] {});
  return true;
}

bool SimEngine::step_publisher() {
  return !stopping_ && publisher_.step();
}

std::optional<SteadyTime> SimEngine::next_deadline() const {
  std::optional<SteadyTime> next = background_clock_.next_deadline();
  for (const auto& own : loops_) {
    const auto at = own->clock.next_deadline();
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

void SimEngine::request(std::uint32_t shard, Request request,
                        std::function<void(HttpAnswer)> done) {
  post(loops_[shard]->loop, [this, shard, request = std::move(request), done]() mutable {
    if (alive_)
      spawn(clients_, "request",
            serve(parts_.shards()[shard]->handler(), std::move(request), alive_, std::move(done)));
  });
}

void SimEngine::gather_hint() {
  if (std::exchange(gathering_hint_, true)) return;
  parts_.gather_hint([this](OpenOrderHint hint) {
    gathering_hint_ = false;
    if (alive_) log_->store_hint(std::move(hint));
  });
}

std::uint64_t SimEngine::executing() const {
  std::uint64_t executing = 0;
  for (const auto& shard : parts_.shards()) executing += shard->executor_metrics().executing.load();
  return executing;
}

std::size_t SimEngine::venue_calls() const {
  std::size_t calls = 0;
  for (const auto& own : loops_)
    for (const auto& wire : own->wires) calls += wire->open_calls();
  return calls;
}

std::string SimEngine::left_over() const {
  std::string left;
  const auto add = [&left](std::string_view what, std::uint64_t count) {
    if (count > 0) left += std::to_string(count) + " " + std::string(what) + "; ";
  };
  add("open orders", open_orders());
  add("orders executing", executing());
  add("venue calls", venue_calls());
  add("requests or streams", clients_.inside());
  for (const auto& shard : parts_.shards()) {
    add("waiting orders", shard->executor_metrics().waiting.load());
    add("unknown outcomes", shard->executor_metrics().unknown.load());
    for (const auto& venue : shard->executor_metrics().venues)
      add("live attempts", venue->live.load());
  }
  return left;
}

// --- Ends ----------------------------------------------------------------------------------------

Task<void> SimEngine::close_clients() {
  co_await clients_.close();
  stopped_ = true;
}

void SimEngine::begin_stop() {
  if (std::exchange(stopping_, true)) return;
  begin_stop_step(0);
}

void SimEngine::end_stop() {
  if (steps_done_ < environment_.mutants.stop_steps.size()) {
    exited_ = true;
    return;
  }
  spawn(stop_gate_, "close clients", close_clients());
  if (environment_.mutants.stop_waits_for_ever) return;
  background_clock_.call_at(background_clock_.steady_now() + connections_wait,
                            [this] { exited_ = !stopped_; });
}

// A step begins when the one before it is done, or when its time is over.
void SimEngine::begin_stop_step(std::size_t index) {
  const auto& order = environment_.mutants.stop_steps;
  if (index != steps_begun_) return;
  ++steps_begun_;
  if (index == order.size()) return end_stop();
  if (order[index] == EngineParts::StopStep::stop_serving) {
    closing_ = true;
    const bool in_time = steps_done_ + 1 == steps_begun_;
    if (alive_ && in_time && executing() > 0 && on_wrong_stop)
      on_wrong_stop("connections close while " + std::to_string(executing()) +
                    " orders are being executed");
  }
  if (!environment_.mutants.stop_waits_for_ever) {
    const Micros wait = Engine::stop_wait(EngineOptions(), order[index]);
    background_clock_.call_at(background_clock_.steady_now() + wait,
                              [this, index] { begin_stop_step(index + 1); });
  }
  parts_.begin(order[index], [this, index] {
    ++steps_done_;
    if (exited_) return end_stop();  // of a process that was killed meanwhile
    begin_stop_step(index + 1);
  });
}

bool SimEngine::run_after_kill() {
  bool did = false;
  for (const auto& own : loops_) did |= own->loop.poll() > 0;
  did |= read_loop_.poll() > 0;
  did |= query_loop_.poll() > 0;
  if (did) return true;
  SimClock* earliest = nullptr;
  for (const auto& own : loops_) {
    const auto at = own->clock.next_deadline();
    if (at && (earliest == nullptr || *at < *earliest->next_deadline())) earliest = &own->clock;
  }
  return earliest != nullptr && earliest->fire_next();
}

bool SimEngine::kill() {
  alive_ = false;
  background_clock_.detach();
  for (const auto& own : loops_) own->clock.detach();
  session_.cut();
  for (const auto& own : loops_)
    for (const auto& wire : own->wires) wire->cut();
  begin_stop();
  for (std::uint64_t i = 0; i < steps_after_kill_max && !stopped_; ++i)
    if (!run_after_kill()) break;
  while (stopped_ && run_after_kill()) {  // runs posted work that still refers to this process
  }
  return stopped_;
}

}  // namespace oee::sim
