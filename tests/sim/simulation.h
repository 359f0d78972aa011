// Simulation: one run of the engine in a simulated environment with the faults of a Plan. In the
// first phase faults happen, and the safety invariants must hold at every check. In the second
// phase none happen, and all work must end. One thread.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "tests/sim/client.h"

namespace oee::sim {

struct Outcome {
  std::vector<Violation> violations;
  std::uint64_t trace = 0;  // a hash of the trail: the same for the same plan
  std::uint64_t steps = 0;
  std::uint64_t orders = 0;
  std::uint64_t settlements = 0;
  std::uint64_t crashes = 0;
  Coverage coverage;
  bool ok() const { return violations.empty(); }
};

class Simulation {
 public:
  explicit Simulation(const Plan& plan, const Mutants& mutants = {});
  ~Simulation();
  Outcome run();
  const Trail& trail() const { return trail_; }

 private:
  // --- Steps -------------------------------------------------------------------------------------
  bool step();
  bool advance_time();
  void start_engine();
  void crash(std::string_view how);
  void kill_gateway();
  void stop_in_order();
  void inject_faults();
  void stop_faults();
  bool at_rest() const;

  // --- Checks -----------------------------------------------------------------------------------
  void feed_checker();
  void recheck_log(Seq head);
  void count_crash_points();
  void check_tables();
  void check_rebuild();
  void check_ledger();
  void quiet_venues();
  void check_liveness();
  void check_end();
  void report(Invariant invariant, std::string what);

  const Plan plan_;
  const Mutants mutants_;
  Time time_;
  Dice dice_;
  Coverage coverage_;
  SimClock log_clock_;
  MemoryLog log_;
  VenueSide venues_;
  SimTables tables_;
  SimRedis redis_;
  SimEnvironment environment_;
  test::HistoryChecker checker_{RetryRules().attempts_max};
  Trail trail_;
  Submitter submitter_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::unique_ptr<SimEngine> engine_;
  std::unique_ptr<SimGateway> gateway_;

  bool faulty_ = true;
  SteadyTime restart_at_{};
  SteadyTime log_stalled_until_{};
  SteadyTime paused_until_{};
  SteadyTime tables_back_at_{};
  SteadyTime bus_back_at_{};
  std::uint64_t steps_ = 0;
  std::uint64_t crash_at_step_ = 0;
  std::uint32_t crashes_ = 0;

  // The durable log as the checker has received it.
  Seq durable_head_ = 0;
  std::uint64_t syncs_ = 0;
  Seq recheck_from_ = 1;
  Seq fed_ = 0;
  std::vector<std::string> stored_;
  std::set<std::string> durable_keys_;
  std::set<VenueOrderId> called_;
  std::set<VenueOrderId> settled_;
  std::set<VenueOrderId> confirmed_;
  std::map<OrderId, VenueOrderId> last_built_;
};

}  // namespace oee::sim
