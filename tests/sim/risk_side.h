// RiskSide: the risk limits of a run, which its operator changes now and then, and a count of their
// use that shares no code with the engine. Outlives the engine. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/risk/control.h"
#include "eventlog/audit/record_view.h"
#include "tests/sim/coverage.h"
#include "tests/sim/mutants.h"
#include "tests/sim/plan.h"

namespace oee::sim {

class RiskSide {
 public:
  RiskSide(const Plan& plan, const Mutants& mutants);

  // For the log and the engine; null: the run has no limits.
  RiskControl* control() { return active_ ? &control_ : nullptr; }
  // Replaces the limits now and then. `written`: the log's last written record. Returns whether it
  // did; the limits hold for later records.
  bool reload(Seq written);
  // A crash has cut the log after record `head`.
  void log_was_cut(Seq head);

  // Takes the next durable record. Returns the limit that it breaks; empty: none.
  std::string take(const RecordView& record, Coverage& coverage);
  // The use that the engine shows and the count, when they differ; empty: they are equal.
  // REQUIRES: every record of the log was taken, and the control has the use of the log's head.
  std::string difference(WallTime now) const;

 private:
  struct Known {
    std::string account;
    std::string input;
    std::string output;
    std::uint32_t slippage_bps = 0;
    U128 amount = 0;
    U128 filled = 0;
    bool open = false;
  };
  // An accepted order, or a raise of an order's amount.
  struct Counted {
    std::int64_t time_us = 0;
    const Known* order = nullptr;
    U128 amount = 0;
    bool accepted = false;
  };
  struct Adds {
    bool open_order = false;
    bool open_notional = false;
    bool day_notional = false;
    bool second = false;
  };
  struct Sums {
    std::uint64_t open_orders = 0;
    std::uint64_t in_second = 0;
    std::map<std::string, U128> open;   // by the symbol of the input token
    std::map<std::string, U128> today;  // the same
  };

  RiskLimits draw();
  LimitSet draw_set();
  Adds count(const RecordView& record);
  // At `time_us`, of one account; empty: of all.
  Sums sums(const std::string& account, std::int64_t time_us) const;
  static std::string broken(const LimitSet& limits, const Sums& sums, const Known& order,
                            const Adds& adds);

  const bool active_;
  const Mutants& mutants_;
  Dice dice_;
  RiskControl control_{RiskLimits()};
  std::map<Seq, RiskLimits> limits_;  // by the first seq that they hold for
  std::map<OrderId, Known> orders_;
  std::vector<Counted> counted_;
  std::int64_t time_us_ = 0;  // of the last record
};

}  // namespace oee::sim
