#include "tests/sim/sim_engine.h"

#include <boost/beast/http/field.hpp>

namespace oee::sim {
namespace {

namespace http = boost::beast::http;

constexpr Micros head_every{250'000};
constexpr Micros projector_backoff{300'000};
constexpr std::uint64_t dead_steps_max = 2'000'000;

ShardOptions shard_options(const Plan& plan, std::uint32_t shard) {
  ShardOptions options;
  options.shard = shard;
  options.shards = plan.shards;
  options.executor.concurrency = 4;  // few, so that orders wait for their turn
  options.executor.retry.backoff = Micros(500'000);
  options.stream.ring_updates_max = 64;  // few, so that the past is read from the log too
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
      sim_bus_(environment.dice, environment.coverage, environment.redis),
      bus_(sim_bus_, environment.mutants.bus),
      background_clock_(environment.time),
      projector_(*log_, environment.log.id(), *tables_, projector_options(background_clock_)),
      publisher_(*publisher_log_, environment.log.id(), *bus_) {
  admission_.open_orders_max = 1'000;
  for (std::uint32_t i = 0; i < environment.plan.shards; ++i) {
    ShardPart& part = *parts_.emplace_back(std::make_unique<ShardPart>(environment.time));
    part.wires = environment.venues.connect(part.loop, part.clock);
    ShardSeams seams{part.loop,          part.clock,    entropy_, *history_, read_worker_,
                     environment.tables, query_worker_, &*log_,   {}};
    for (const auto& wire : part.wires) part.venues.emplace_back(*wire, environment.mutants.venue);
    for (const Seam<Venue>& venue : part.venues) seams.venues.push_back(&*venue);
    shards_.push_back(std::make_unique<Shard>(std::move(seams), shard_options(environment.plan, i),
                                              admission_, health_, TokenRegistry::defaults()));
    bus_->subscribe(shards_.back()->stream());
    admission_.executors.push_back(&shards_.back()->executor_stats());
  }
}

SimEngine::~SimEngine() = default;

Result<void> SimEngine::start() {
  std::vector<Shard*> shards;
  std::vector<Loop*> loops;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    shards.push_back(shards_[i].get());
    loops.push_back(&parts_[i]->loop);
  }
  const auto start_log = [this](std::span<BlockSink* const> sinks) { session_.start(sinks); };
  OEE_TRY_ASSIGN(const Recovered recovered, recover_shards(*log_, shards, loops, start_log));
  recovery_steps_ = 4 + 8 * recovered.open_orders;
  const Seq position = log_->wait_past(0, std::chrono::milliseconds(0));
  for (std::size_t i = 0; i < shards_.size(); ++i)
    post(parts_[i]->loop, [shard = shards_[i].get(), position] { shard->start_stream(position); });
  bus_->start();
  admission_.recovering = false;
  const auto beat = [this](auto& self) -> void {
    bus_->publish_head(environment_.log.id(), publisher_.published());
    background_clock_.call_at(background_clock_.steady_now() + head_every,
                              [this, self]() mutable { self(self); });
  };
  beat(beat);
  return {};
}

bool SimEngine::step(std::uint64_t first) {
  ++steps_;
  const std::size_t loops = parts_.size();
  const std::size_t parts = 2 * loops + 5;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::size_t part = (first + i) % parts;
    bool did = false;
    if (part < loops) {
      did = parts_[part]->loop.poll_one() > 0;
    } else if (part < 2 * loops) {
      did = parts_[part - loops]->clock.fire_due();
    } else if (part == 2 * loops) {
      did = read_loop_.poll_one() > 0;
    } else if (part == 2 * loops + 1) {
      did = query_loop_.poll_one() > 0;
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
  if (environment_.time.steady < projector_pause_ || stopping_) return false;
  const auto applied = projector_.step();
  if (applied.ok()) return *applied > 0;
  check(applied.error().code != Errc::corrupt, "the projector says that the log is damaged");
  // The pause that run_thread() makes between two tries.
  projector_pause_ = environment_.time.steady + projector_backoff;
  background_clock_.call_at(projector_pause_, [] {});
  return true;
}

bool SimEngine::step_publisher() {
  return !stopping_ && publisher_.step();
}

std::optional<SteadyTime> SimEngine::next_deadline() const {
  std::optional<SteadyTime> next = background_clock_.next_deadline();
  for (const auto& part : parts_) {
    const auto at = part->clock.next_deadline();
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

void SimEngine::request(std::uint32_t shard, Request request,
                        std::function<void(HttpAnswer)> done) {
  post(parts_[shard]->loop, [this, shard, request = std::move(request), done]() mutable {
    if (alive_) spawn(clients_, "request", serve(shard, std::move(request), std::move(done)));
  });
}

Task<void> SimEngine::serve(std::uint32_t shard, Request request,
                            std::function<void(HttpAnswer)> done) {
  BeastRequest message;
  message.method_string(request.method);
  message.target(request.target);
  message.set(http::field::host, "engine");
  if (!request.body.empty()) message.set(http::field::content_type, "application/json");
  if (!request.idempotency_key.empty()) message.set("Idempotency-Key", request.idempotency_key);
  message.body() = std::move(request.body);
  const std::string_view request_id = "sim";
  const Socket::Address nobody;
  HttpAnswer answer = co_await shards_[shard]->handler().handle(message, request_id, nobody);
  if (alive_) done(std::move(answer));
}

void SimEngine::gather_hint() {
  const OpenOrderHint part = shards_[hint_next_]->hint();
  if (hint_next_ == 0) {
    hint_ = part;
  } else {
    hint_.seq = std::min(hint_.seq, part.seq);
    hint_.open.insert(hint_.open.end(), part.open.begin(), part.open.end());
  }
  if (++hint_next_ < shards_.size()) return;
  hint_next_ = 0;
  check(log_->store_hint(hint_).ok(), "a hint can be stored");
}

std::uint64_t SimEngine::executing() const {
  std::uint64_t executing = 0;
  for (const auto& shard : shards_) executing += shard->executor_stats().executing.load();
  return executing;
}

std::size_t SimEngine::venue_calls() const {
  std::size_t calls = 0;
  for (const auto& part : parts_)
    for (const auto& wire : part->wires) calls += wire->open_calls();
  return calls;
}

std::string SimEngine::left_over() const {
  std::string left;
  const auto say = [&left](std::string_view what, std::uint64_t count) {
    if (count > 0) left += std::to_string(count) + " " + std::string(what) + "; ";
  };
  say("open orders", open_orders());
  say("orders executing", executing());
  say("venue calls", venue_calls());
  say("requests or streams", clients_.inside());
  for (const auto& shard : shards_) {
    say("waiting orders", shard->executor_stats().waiting.load());
    say("unknown outcomes", shard->executor_stats().unknown.load());
  }
  return left;
}

// --- Ends ------------------------------------------------------------------------------------

Task<void> SimEngine::stop_all() {
  for (const auto& shard : shards_) co_await shard->stop_executing();
  bus_->stop();
  for (const auto& shard : shards_) co_await shard->stop_serving();
  co_await clients_.close();
  stopped_ = true;
}

void SimEngine::begin_stop() {
  if (std::exchange(stopping_, true)) return;
  admission_.draining = true;
  health_.start_draining();
  // Each shard's part runs on its own loop in production; here all loops are one thread's.
  spawn(stop_gate_, "stop", stop_all());
}

bool SimEngine::run_dead() {
  bool did = false;
  for (const auto& part : parts_) did |= part->loop.poll() > 0;
  did |= read_loop_.poll() > 0;
  did |= query_loop_.poll() > 0;
  if (did) return true;
  SimClock* earliest = nullptr;
  for (const auto& part : parts_) {
    const auto at = part->clock.next_deadline();
    if (at && (earliest == nullptr || *at < *earliest->next_deadline())) earliest = &part->clock;
  }
  return earliest != nullptr && earliest->fire_next();
}

bool SimEngine::die() {
  alive_ = false;
  background_clock_.detach();
  for (const auto& part : parts_) part->clock.detach();
  session_.cut();
  for (const auto& part : parts_)
    for (const auto& wire : part->wires) wire->cut();
  begin_stop();
  for (std::uint64_t i = 0; i < dead_steps_max && !stopped_; ++i)
    if (!run_dead()) break;
  while (stopped_ && run_dead()) {  // what was posted and holds on to parts of this life
  }
  return stopped_;
}

}  // namespace oee::sim
