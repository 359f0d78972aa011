// SimEngine: one run of the engine's process over the environment: production's EngineParts,
// projector and publisher, wired as api/app/app.cc wires them, each on a loop of its own. The loops
// are polled in an order drawn from the seed. The process is killed (kill()) or stops in order
// (begin_stop()). One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/engine/engine_parts.h"
#include "api/telemetry/health_registry.h"
#include "projections/log_history.h"
#include "projections/projector.h"
#include "projections/publisher.h"
#include "tests/sim/environment/bus.h"
#include "tests/sim/environment/disk.h"
#include "tests/sim/environment/log_session.h"
#include "tests/sim/environment/request.h"
#include "tests/sim/environment/tables.h"
#include "tests/sim/environment/venue_side.h"
#include "tests/sim/plan/mutants.h"

namespace oee::sim {

// The parts of the environment that an engine process uses. All of them outlive it.
struct SimEnvironment {
  const Plan& plan;
  const Time& time;
  Dice& dice;
  Coverage& coverage;
  MemoryLog& log;
  const SimDisk& disk;
  VenueSide& venues;
  SimTables& tables;
  SimRedis& redis;
  const Mutants& mutants;
  RiskControl* risk;  // null: there are no limits
  const RiskLimits& risk_limits;
};

class SimEngine {
 public:
  explicit SimEngine(SimEnvironment& environment);
  ~SimEngine();  // REQUIRES: kill() was called, or stopped()

  // Recovers and starts the log and the stream. The work is posted; step() runs it.
  Result<void> start();

  // Runs one step that is possible now. The parts are tried in turn from part `first` on. false: no
  // step is possible now.
  bool step(std::uint64_t first);
  std::optional<SteadyTime> next_deadline() const;

  // Sends a request to the shard that has the connection. `done` is called once with the answer,
  // unless the process ends before.
  using Request = SimRequest;
  void request(std::uint32_t shard, Request request, std::function<void(HttpAnswer)> done);
  StreamHub& stream(std::uint32_t shard) { return parts_.shards()[shard]->stream(); }
  // Runs a task inside this process. The end of the process waits for it.
  void run(Task<void> task) { spawn(clients_, "client", std::move(task)); }
  std::uint32_t shards() const { return static_cast<std::uint32_t>(loops_.size()); }
  bool alive() const { return alive_; }

  void change_limits(const RiskLimits& limits) { parts_.change_limits(limits); }

  // Begins to gather the open-order hint; it is stored when every shard has answered.
  void gather_hint();

  // Kills the process: none of its later actions reach the environment. Its coroutines then run to
  // their ends in a time of their own, so that no memory leaks. false: some did not end.
  bool kill();
  // Begins an orderly stop: EngineParts' steps, one after another, each for the time that Engine
  // gives it. At the end stopped() is true, or, when a step's time was over, exited(): the process
  // ends at once.
  void begin_stop();
  bool exited() const { return exited_; }
  bool stopping() const { return stopping_; }
  // Clients may still send requests: no connection is closed yet.
  bool reachable() const { return alive_ && !closing_; }
  bool stopped() const { return stopped_; }
  // Called with a sentence when a step of the stop begins too early.
  std::function<void(std::string)> on_wrong_stop;

  Seq projected() const { return projector_.metrics().applied.load(); }
  Seq published() const { return publisher_.published(); }
  std::uint64_t open_orders() const { return parts_.admission().open_orders(); }
  std::uint64_t executing() const;
  std::size_t venue_calls() const;
  bool recovering() const { return steps_ < recovery_steps_; }
  // Lists the unfinished work; empty: none.
  std::string left_over() const;
  SimBus& bus() { return sim_bus_; }

 private:
  struct ShardLoop {
    explicit ShardLoop(const Time& time) : clock(time) {}
    Loop loop{1};
    boost::asio::executor_work_guard<Loop::executor_type> keep{loop.get_executor()};
    SimClock clock;
    std::unique_ptr<PoolSource> pools;
    std::vector<std::unique_ptr<VenueWire>> wires;
    std::vector<Seam<Venue>> venues;  // over the wires
  };
  EnginePartsContext parts_context();
  void begin_stop_step(std::size_t index);
  void end_stop();
  Task<void> close_clients();
  bool step_projector();
  bool step_publisher();
  bool run_after_kill();

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
  Worker backfill_worker_{read_loop_, 4'096};
  Worker writes_worker_;
  Worker query_worker_{query_loop_, 4'096};
  SimBus sim_bus_;
  Seam<Bus> bus_;
  SimClock background_clock_;  // of the projector and the publisher
  Projector projector_;
  Publisher publisher_;
  TablesThread projector_thread_;
  TablesThread query_thread_;
  HealthRegistry health_;
  std::vector<std::unique_ptr<ShardLoop>> loops_;
  EngineParts parts_;
  Gate clients_;
  Gate stop_gate_;
  bool gathering_hint_ = false;
  SteadyTime projector_pause_{};
  std::uint64_t steps_ = 0;
  std::uint64_t recovery_steps_ = 0;
  bool alive_ = true;
  bool stopping_ = false;
  bool closing_ = false;
  std::size_t steps_begun_ = 0;  // of the stop
  std::size_t steps_done_ = 0;
  bool exited_ = false;
  bool stopped_ = false;
};

}  // namespace oee::sim
