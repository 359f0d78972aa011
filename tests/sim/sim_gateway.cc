#include "tests/sim/sim_gateway.h"

namespace oee::sim {
namespace {

constexpr Micros retry_every{1'000'000};
constexpr int drain_steps_max = 1'000'000;

}  // namespace

SimGateway::SimGateway(const SimEnvironment& environment)
    : environment_(environment), entropy_(environment.dice), clock_(environment.time) {
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
  shard_ = std::make_unique<Shard>(std::move(seams), options, admission_, health_,
                                   TokenRegistry::defaults());
}

bool SimGateway::step() {
  if (!serving_) {
    const auto cursor = environment_.tables.cursor();
    if (cursor.ok()) {
      serving_ = true;
      shard_->start_stream(*cursor);
      environment_.redis.gateways.push_back(&shard_->stream());
      return true;
    }
    if (!clock_.next_deadline()) clock_.call_at(clock_.steady_now() + retry_every, [] {});
  }
  return loop_.poll_one() > 0 || read_loop_.poll_one() > 0 || clock_.fire_due();
}

Task<void> SimGateway::stop_all() {
  co_await shard_->stop_serving();
  co_await clients_.close();
  stopped_ = true;
}

SimGateway::~SimGateway() {
  std::erase(environment_.redis.gateways, &shard_->stream());
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
