// Simulation: one run of the engine in a simulated environment with the faults of a Plan. In the
// first phase faults happen, and the safety invariants must hold at every check. In the second,
// which some runs have, one party outside the engine is away: all work that does not need it must
// end. In the last no fault happens, and all work must end. One thread.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "tests/sim/client.h"
#include "tests/sim/order_types.h"
#include "tests/sim/reader.h"
#include "tests/sim/risk_side.h"

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
  void begin_stop();
  void end_process();
  bool sync_log();
  bool at_rest() const;
  SimEngine* reachable_engine() const {
    const bool reachable = engine_ && !engine_->stopping() && time_.steady >= paused_until_;
    return reachable ? engine_.get() : nullptr;
  }
  SimGateway* serving_gateway() const {
    return gateway_ && gateway_->serving() ? gateway_.get() : nullptr;
  }

  // --- Faults (simulation_faults.cc) ------------------------------------------------------------
  void inject_faults();
  void inject_hangs();
  void hang_disk();
  void publish_garbage();
  void heal();
  void stop_faults();
  void settle_down();
  void operate();
  bool operates() const { return faulty_ ? plan_.halts : !halts_.empty(); }

  // --- One party away (simulation_faults.cc) ----------------------------------------------------
  void begin_absence();
  void send_venue_away(const std::string& venue);
  void watch_absence();
  std::string unfinished() const;
  void probe_readiness();

  // --- Checks -----------------------------------------------------------------------------------
  void feed_checker();
  void recheck_log(Seq head);
  void check_risk_use();
  void check_quote_awaited(const RecordView& record);
  bool may_cancel(const OrderId& id);
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
  Dice hang_dice_;  // of the parties that hang
  Dice halt_dice_;  // of the operator
  Coverage coverage_;
  RiskSide risk_;
  SimClock log_clock_;
  MemoryLog log_;
  SimDisk disk_;
  VenueSide venues_;
  OrderTypes types_;
  SimTables tables_;
  SimRedis redis_{dice_, coverage_};
  SimEnvironment environment_;
  test::HistoryChecker checker_{RetryRules().attempts_max};
  Trail trail_;
  Submitter submitter_;
  Reader reader_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::unique_ptr<SimEngine> engine_;
  std::unique_ptr<SimGateway> gateway_;

  bool faulty_ = true;
  bool settled_down_ = false;  // the last phase
  bool reads_lists_ = false;
  SteadyTime restart_at_{};
  SteadyTime paused_until_{};
  SteadyTime tables_back_at_{};
  SteadyTime bus_back_at_{};
  SteadyTime redis_back_at_{};
  std::uint32_t disk_hangs_ = 0;
  std::optional<SteadyTime> kill_at_;  // a supervisor's, of an engine whose sync hangs
  std::optional<SteadyTime> stop_at_;  // an operator's
  SteadyTime stop_by_{};               // the promised end of the stop under way
  SteadyTime operate_at_{};            // the operator's next request
  bool operating_ = false;             // one is under way
  std::set<Seq> halts_;                // in force, by their ids
  bool probing_ = false;               // a request for /readyz is under way
  bool unready_ = false;               // its last answer

  // The phase in which one party is away.
  bool away_ = false;
  SteadyTime away_since_{};
  std::uint64_t away_from_step_ = 0;
  bool went_on_ = false;
  EventType away_with_ = EventType::transaction_built;  // of the order whose venue goes away
  std::string away_venue_;                              // empty: none is away
  std::set<OrderId> live_there_;                        // when it went away
  std::map<OrderId, std::set<std::string>> built_at_;   // the venues of the last attempt
  std::uint64_t steps_ = 0;
  std::uint64_t calm_from_step_ = 0;
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
  std::map<OrderId, std::vector<VenueOrderId>> last_legs_;  // of the last attempt, if it is split
  std::map<OrderId, SteadyTime> trigger_come_;  // the last phase: orders that wait all the same
  std::set<OrderId> unbuilt_;                   // whose last attempt has no transaction
  std::set<OrderId> unquoted_;                  // which wait for a quote
  std::set<OrderId> expiring_;                  // which have expiresAt, a time of the log
  std::int64_t newest_us_ = 0;                  // time of the newest record
};

}  // namespace oee::sim
