// SimEngine: one life of the engine's process over the environment: production's shards, executors,
// projector, publisher and stream, wired as api/app/app.cc wires them, each on a loop of its own
// that is polled in an order drawn from the seed. It dies at once (die()) or stops in order
// (begin_stop()).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/engine/shard.h"
#include "api/telemetry/health_registry.h"
#include "projections/log_history.h"
#include "projections/projector.h"
#include "projections/publisher.h"
#include "tests/sim/log_session.h"
#include "tests/sim/mutants.h"
#include "tests/sim/sim_bus.h"
#include "tests/sim/sim_tables.h"
#include "tests/sim/venue_side.h"

namespace oee::sim {

// What a life needs of the environment. All of it outlives every life.
struct SimEnvironment {
  const Plan& plan;
  const Time& time;
  Dice& dice;
  Coverage& coverage;
  MemoryLog& log;
  VenueSide& venues;
  SimTables& tables;
  SimRedis& redis;
  const Mutants& mutants;
};

class SimEngine {
 public:
  explicit SimEngine(SimEnvironment& environment);
  ~SimEngine();  // REQUIRES: dead or stopped

  // Recovers, starts the log and the stream: everything posted, nothing run yet.
  Result<void> start();

  // One thing that can happen now, of the parts in the order that `first` says; false: nothing can.
  bool step(std::uint64_t first);
  std::optional<SteadyTime> next_deadline() const;

  // One request to the shard that the connection was dealt to. `done` is called once, unless this
  // life ends before: with the answer, on its way to the client.
  struct Request {
    std::string method;
    std::string target;
    std::string body;
    std::string idempotency_key;
  };
  void request(std::uint32_t shard, Request request, std::function<void(HttpAnswer)> done);
  StreamHub& stream(std::uint32_t shard) { return shards_[shard]->stream(); }
  // Runs inside this life, which waits for it when it ends.
  void run(Task<void> task) { spawn(clients_, "client", std::move(task)); }
  std::uint32_t shards() const { return static_cast<std::uint32_t>(shards_.size()); }
  bool alive() const { return alive_; }

  // The open-order hint, gathered from one shard after another as the engine's main thread does.
  void gather_hint();

  // The process is gone: the environment hears nothing of it any more. Its coroutines are then led
  // to their ends in a time of their own, so that nothing leaks. False: some never ended.
  bool die();
  // An orderly stop, in steps; stopped() once it is done.
  void begin_stop();
  bool stopping() const { return stopping_; }
  bool stopped() const { return stopped_; }

  Seq projected() const { return projector_.stats().applied.load(); }
  Seq published() const { return publisher_.published(); }
  std::uint64_t open_orders() const { return admission_.open_orders(); }
  std::uint64_t executing() const;
  std::size_t venue_calls() const;
  bool recovering() const { return steps_ < recovery_steps_; }
  // What should be empty at rest and is not; empty: nothing.
  std::string left_over() const;
  SimBus& bus() { return sim_bus_; }

 private:
  struct ShardPart {
    explicit ShardPart(const Time& time) : clock(time) {}
    Loop loop{1};
    boost::asio::executor_work_guard<Loop::executor_type> keep{loop.get_executor()};
    SimClock clock;
    std::vector<std::unique_ptr<VenueWire>> wires;
    std::vector<Seam<Venue>> venues;  // over the wires
  };
  Task<void> serve(std::uint32_t shard, Request request, std::function<void(HttpAnswer)> done);
  Task<void> stop_all();
  bool step_projector();
  bool step_publisher();
  bool run_dead();

  SimEnvironment& environment_;
  DiceEntropy entropy_;
  LogSession session_;
  Seam<EventLog> log_;
  Seam<EventLog> publisher_log_;
  LogHistory log_history_;
  Seam<OrderHistory> history_;
  Seam<ReadModel> tables_;
  Loop read_loop_{1};
  Loop query_loop_{1};
  boost::asio::executor_work_guard<Loop::executor_type> keep_read_{read_loop_.get_executor()};
  boost::asio::executor_work_guard<Loop::executor_type> keep_query_{query_loop_.get_executor()};
  Worker read_worker_{read_loop_, 4'096};
  Worker query_worker_{query_loop_, 4'096};
  SimBus sim_bus_;
  Seam<Bus> bus_;
  SimClock background_clock_;  // the projector's and the publisher's
  Projector projector_;
  Publisher publisher_;
  HealthBoard health_;
  Admission admission_;
  std::vector<std::unique_ptr<ShardPart>> parts_;
  std::vector<std::unique_ptr<Shard>> shards_;
  Gate clients_;
  Gate stop_gate_;
  OpenOrderHint hint_;
  std::uint32_t hint_next_ = 0;  // the shard to be asked next
  SteadyTime projector_pause_{};
  std::uint64_t steps_ = 0;
  std::uint64_t recovery_steps_ = 0;
  bool alive_ = true;
  bool stopping_ = false;
  bool stopped_ = false;
};

}  // namespace oee::sim
