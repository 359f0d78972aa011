#include "api/engine/engine.h"

#include <algorithm>
#include <future>
#include <random>

#include "core/base/log.h"
#include "core/runtime/spawn.h"

namespace oee {
namespace {

using WorkGuard = boost::asio::executor_work_guard<Loop::executor_type>;

Task<void> signal_when_done(Task<void> task, std::shared_ptr<std::promise<void>> done) {
  co_await std::move(task);
  done->set_value();
}

std::uint64_t random_seed() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

ExecutorOptions per_shard(ExecutorOptions options, std::uint32_t shards) {
  options.concurrency = (options.concurrency + shards - 1) / shards;
  return options;
}

}  // namespace

Engine::Engine(EngineSeams seams, EngineOptions options, HealthBoard& health,
               const TokenRegistry& tokens)
    : seams_(std::move(seams)),
      options_(std::move(options)),
      health_(health),
      rate_limiter_(options_.rate_limit, random_seed()) {
  admission_.open_orders_max = options_.open_orders_max;
  ShardOptions shard_options;
  shard_options.shards = options_.shards;
  shard_options.executor = per_shard(options_.executor, options_.shards);
  shard_options.stream = options_.stream;
  shard_options.websocket = options_.websocket;
  shard_options.allowed_origins = options_.allowed_origins;
  shard_options.access_list = options_.access_list;
  shard_options.rate_limiter = &rate_limiter_;
  shard_options.test_endpoints = options_.test_endpoints;
  shard_options.settings = options_.settings;
  std::vector<HttpServer::ShardBinding> bindings;
  for (std::uint32_t i = 0; i < options_.shards; ++i) {
    ShardLoop& own = *seams_.loops[i];
    shard_options.shard = i;
    ShardSeams shard_seams{own.loop,
                           *own.clock,
                           *own.entropy,
                           seams_.history,
                           seams_.history_worker,
                           seams_.queries,
                           seams_.queries_worker,
                           seams_.log,
                           {},
                           seams_.metrics};
    for (const auto& venue : own.venues) shard_seams.venues.push_back(venue.get());
    shards_.push_back(
        std::make_unique<Shard>(std::move(shard_seams), shard_options, admission_, health, tokens));
    gates_.push_back(std::make_unique<Gate>());
    seams_.bus.subscribe(shards_.back()->stream());
    if (seams_.log != nullptr) admission_.executors.push_back(&shards_.back()->executor_stats());
    bindings.push_back({&own.loop, own.clock.get(), &shards_.back()->handler()});
  }
  http_ = std::make_unique<HttpServer>(options_.http, std::move(bindings), seams_.loops[0]->loop);
  health_.add_check([this] {
    return admission_.recovering ? std::string("recovering open orders") : std::string();
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
      const WorkGuard keep_running(seams_.loops[i]->loop.get_executor());
      seams_.loops[i]->loop.run();
    });
  }
  if (options_.tls) http_->set_tls(options_.tls);
  http_->start();
  OEE_TRY(recover());
  admission_.recovering = false;
  return {};
}

Result<void> Engine::recover() {
  if (seams_.log != nullptr) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<Shard*> shards;
    std::vector<Loop*> loops;
    for (std::uint32_t i = 0; i < options_.shards; ++i) {
      shards.push_back(shards_[i].get());
      loops.push_back(&seams_.loops[i]->loop);
    }
    OEE_TRY_ASSIGN(const Recovered recovered,
                   recover_shards(*seams_.log, shards, loops, seams_.start_log));
    const auto took = std::chrono::steady_clock::now() - begin;
    log::info("open orders recovered", log::field("orders", recovered.open_orders),
              log::field("seq", recovered.as_of),
              log::field("ms", std::chrono::floor<std::chrono::milliseconds>(took).count()));
  }
  OEE_TRY_ASSIGN(const Seq position, seams_.stream_position());
  for (std::uint32_t i = 0; i < options_.shards; ++i)
    post(seams_.loops[i]->loop,
         [shard = shards_[i].get(), position] { shard->start_stream(position); });
  seams_.bus.start();
  return {};
}

bool Engine::run_on_all(Task<void> (Shard::*task)(), std::chrono::seconds wait) {
  std::vector<std::future<void>> finished;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto done = std::make_shared<std::promise<void>>();
    finished.push_back(done->get_future());
    post(seams_.loops[i]->loop, [this, i, task, done] {
      spawn(*gates_[i], "main thread's request",
            signal_when_done((shards_[i].get()->*task)(), done));
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + wait;
  bool all = true;
  for (auto& each : finished) all &= each.wait_until(deadline) == std::future_status::ready;
  return all;
}

bool Engine::stop() {
  if (!started_) return true;
  started_ = false;
  admission_.draining = true;
  health_.start_draining();
  http_->drain();
  bool clean = run_on_all(&Shard::stop_executing, options_.drain_max);
  if (!clean) log::warn("orders in hand did not finish in time; the next start goes on with them");
  seams_.bus.stop();
  clean &= run_on_all(&Shard::stop_serving, options_.close_max);
  auto closed = std::make_shared<std::promise<void>>();
  http_->stop([closed] { closed->set_value(); });
  clean &= closed->get_future().wait_for(std::chrono::seconds(1)) == std::future_status::ready;
  for (auto& loop : seams_.loops) loop->loop.stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  return clean;
}

void Engine::set_access_list(const std::shared_ptr<const AccessList>& list) {
  for (std::size_t i = 0; i < shards_.size(); ++i)
    post(seams_.loops[i]->loop, [shard = shards_[i].get(), list] { shard->set_access_list(list); });
}

void Engine::store_hint() {
  if (seams_.log == nullptr || !started_) return;
  OpenOrderHint all;
  all.seq = ~Seq{0};
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto answer = std::make_shared<std::promise<OpenOrderHint>>();
    auto got = answer->get_future();
    post(seams_.loops[i]->loop,
         [answer, shard = shards_[i].get()] { answer->set_value(shard->hint()); });
    if (got.wait_for(std::chrono::seconds(1)) != std::future_status::ready) return;
    OpenOrderHint part = got.get();
    all.seq = std::min(all.seq, part.seq);
    all.open.insert(all.open.end(), part.open.begin(), part.open.end());
  }
  const auto stored = seams_.log->store_hint(all);
  if (!stored.ok())
    log::warn("the open-order hint was not stored", log::field("error", stored.error().detail));
}

}  // namespace oee
