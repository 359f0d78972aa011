#include "tests/sim/environment/gateway.h"

#include "tests/sim/plan/registry.h"

namespace oee::sim {
namespace {

constexpr Micros retry_every{1'000'000};
constexpr Micros query_timeout{10'000'000};  // QuerySessions: 5 s, and the grace of its answer
constexpr int drain_steps_max = 1'000'000;

}  // namespace

SimGateway::SimGateway(const SimEnvironment& environment)
    : environment_(environment),
      entropy_(environment.dice),
      clock_(environment.time),
      tables_thread_(environment.tables, clock_, query_timeout) {
  ShardSeams seams{.loop = loop_,
                   .clock = clock_,
                   .entropy = entropy_,
                   .history = environment.tables,
                   .history_worker = worker_,
                   .backfill_worker = worker_,
                   .queries = environment.tables,
                   .queries_worker = worker_};
  ShardOptions options;
  options.stream.trusts_bus = false;
  options.stream.ring_updates_max = 32;
  options.stream.subscriber_updates_max = 256;
  if (environment.mutants.gateway_stream) environment.mutants.gateway_stream(options.stream);
  shard_ = std::make_unique<Shard>(std::move(seams), options, admission_, health_, sim_tokens());
}

bool SimGateway::step() {
  if (!serving_) {
    const auto cursor = environment_.tables.cursor();
    if (cursor.ok()) {
      serve_from(*cursor);
      return true;
    }
    if (!clock_.next_deadline()) clock_.call_at(clock_.steady_now() + retry_every, [] {});
  }
  return loop_.poll_one() > 0 || (tables_thread_.free() && read_loop_.poll_one() > 0) ||
         clock_.fire_due();
}

void SimGateway::serve_from(const ProjectionCursor& cursor) {
  serving_ = true;
  shard_->start_stream(cursor);
  auto& gateways = environment_.redis.gateways;
  subscriber_ = gateways.emplace(gateways.end(), clock_, cursor.log_id, shard_->stream());
}

void SimGateway::request(SimRequest request, std::function<void(HttpAnswer)> done) {
  spawn(clients_, "request", serve(shard_->handler(), std::move(request), alive_, std::move(done)));
}

Task<void> SimGateway::stop_all() {
  co_await shard_->stop_serving();
  co_await clients_.close();
  stopped_ = true;
}

SimGateway::~SimGateway() {
  alive_ = false;
  if (serving_) environment_.redis.gateways.erase(subscriber_);
  clock_.detach();
  spawn(stop_gate_, "stop", stop_all());
  for (int i = 0; i < drain_steps_max && !stopped_; ++i) {
    const bool did = loop_.poll() + read_loop_.poll() > 0 || clock_.fire_next();
    if (!did) break;
  }
  check(stopped_, "a killed gateway's coroutines end");
  while (loop_.poll() + read_loop_.poll() > 0) {
  }
}

}  // namespace oee::sim
