#include "api/engine/engine.h"

#include <future>
#include <random>

#include "core/base/log.h"

namespace oee {
namespace {

using WorkGuard = boost::asio::executor_work_guard<Loop::executor_type>;

std::uint64_t random_seed() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

ExecutorOptions per_shard(ExecutorOptions options, std::uint32_t shards) {
  options.concurrency = (options.concurrency + shards - 1) / shards;
  options.live_attempts_max = (options.live_attempts_max + shards - 1) / shards;
  return options;
}

ShardOptions shard_options(const EngineOptions& options, RateLimiter& rate_limiter,
                           TicketTable& tickets, StreamBudget& stream_budget) {
  ShardOptions shard;
  shard.executor = per_shard(options.executor, options.shards);
  shard.stream = options.stream;
  shard.websocket = options.websocket;
  shard.allowed_origins = options.allowed_origins;
  shard.access_list = options.access_list;
  shard.rate_limiter = &rate_limiter;
  shard.tickets = &tickets;
  shard.stream_budget = &stream_budget;
  shard.test_endpoints = options.test_endpoints;
  shard.dialects = options.dialects;
  shard.settings = options.settings;
  shard.quote_key = random_secret("");
  shard.request_log = options.request_log;
  return shard;
}

EnginePartsContext parts_context(const EngineSeams& seams, const EngineOptions& options,
                                 HealthRegistry& health, const TokenRegistry& tokens) {
  EnginePartsContext context{.shards = {},
                             .bus = seams.bus,
                             .health = health,
                             .tokens = tokens,
                             .log = seams.log,
                             .risk = seams.risk,
                             .start_log = seams.start_log,
                             .stream_position = seams.stream_position,
                             .halt_at_start = options.halt_at_start,
                             .on_halted = seams.on_halted,
                             .limits_at_start = options.limits_at_start};
  for (std::uint32_t i = 0; i < options.shards; ++i) {
    ShardLoop& own = *seams.loops[i];
    ShardSeams shard{.loop = own.loop,
                     .clock = *own.clock,
                     .entropy = *own.entropy,
                     .history = seams.history,
                     .history_worker = seams.history_worker,
                     .backfill_worker = seams.backfill_worker,
                     .queries = seams.queries,
                     .queries_worker = seams.queries_worker,
                     .log = seams.log,
                     .writes_worker = seams.writes_worker,
                     .announced = seams.announced,
                     .venues = {},
                     .pools = own.pools.get(),
                     .market = own.market.get(),
                     .metrics = seams.metrics,
                     .risk = seams.risk};
    for (const auto& venue : own.venues) shard.venues.push_back(venue.get());
    context.shards.push_back(std::move(shard));
  }
  return context;
}

}  // namespace

Engine::Engine(EngineSeams seams, EngineOptions options, HealthRegistry& health,
               const TokenRegistry& tokens)
    : seams_(std::move(seams)),
      options_(std::move(options)),
      rate_limiter_(options_.rate_limit, random_seed()),
      tickets_(seams_.loops[0]->loop),
      stream_budget_(options_.stream_buffer_bytes_max),
      parts_(parts_context(seams_, options_, health, tokens),
             shard_options(options_, rate_limiter_, tickets_, stream_budget_),
             options_.open_orders_max),
      access_list_(options_.access_list) {
  std::vector<HttpServer::ShardBinding> bindings;
  for (std::uint32_t i = 0; i < options_.shards; ++i) {
    ShardLoop& own = *seams_.loops[i];
    bindings.push_back({&own.loop, own.clock.get(), &parts_.shards()[i]->handler()});
  }
  http_ = std::make_unique<HttpServer>(options_.http, std::move(bindings), seams_.loops[0]->loop,
                                       options_.request_log);
  health.add_check([this] {
    return admission().recovering ? std::string("recovering open orders") : std::string();
  });
}

Engine::~Engine() {
  check(!started_, "Engine destroyed while it runs");
}

Result<void> Engine::start() {
  OEE_TRY_ASSIGN(port_, http_->listen(options_.listen_host, options_.listen_port));
  started_ = true;
  for (std::uint32_t i = 0; i < options_.shards; ++i) {
    threads_.emplace_back([this, i] {
      name_this_thread("shard-" + std::to_string(i));
      wake_soon_on_this_thread();
      const WorkGuard keep_running(seams_.loops[i]->loop.get_executor());
      seams_.loops[i]->loop.run();
    });
  }
  if (options_.tls) http_->set_tls(options_.tls);
  http_->start();
  const auto begin = std::chrono::steady_clock::now();
  OEE_TRY_ASSIGN(const Recovered recovered, parts_.start());
  if (seams_.log == nullptr) return {};
  const auto took = std::chrono::steady_clock::now() - begin;
  log::info("open orders recovered", log::field("orders", recovered.open_orders),
            log::field("seq", recovered.as_of),
            log::field("ms", std::chrono::floor<std::chrono::milliseconds>(took).count()));
  return {};
}

bool Engine::run_stop_step(EngineParts::StopStep step, std::chrono::milliseconds wait) {
  const auto finished = std::make_shared<std::promise<void>>();
  parts_.begin(step, [finished] { finished->set_value(); });
  return finished->get_future().wait_for(wait) == std::future_status::ready;
}

bool Engine::stop() {
  if (!started_) return true;
  started_ = false;
  bool clean = true;
  for (const EngineParts::StopStep step : EngineParts::stop_steps) {
    const bool executing = step == EngineParts::StopStep::stop_executing;
    const bool done = run_stop_step(step, stop_wait(options_, step));
    if (step == EngineParts::StopStep::refuse_orders) http_->drain();
    if (executing && !done)
      log::warn("orders in hand did not finish in time; the next start resumes them");
    clean &= done;
  }
  const auto closed = std::make_shared<std::promise<void>>();
  http_->stop([closed] { closed->set_value(); });
  clean &= closed->get_future().wait_for(std::chrono::seconds(1)) == std::future_status::ready;
  for (auto& loop : seams_.loops) loop->loop.stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  return clean;
}

void Engine::set_access_list(std::shared_ptr<const AccessList> list) {
  access_list_ = list;
  for (std::size_t i = 0; i < shards().size(); ++i)
    post(seams_.loops[i]->loop,
         [shard = shards()[i].get(), list] { shard->set_access_list(list); });
}

// The shards end the streams that the list no longer allows, also when the list is the same.
void Engine::end_expired(WallTime now) {
  const WallTime before = std::exchange(expired_until_, now);
  if (access_list_ && access_list_->expires_between(before, now)) set_access_list(access_list_);
}

void Engine::store_hint() {
  if (seams_.log == nullptr || !started_) return;
  parts_.gather_hint([log = seams_.log](OpenOrderHint hint) { log->store_hint(std::move(hint)); });
}

}  // namespace oee
