// RiskSide: the risk limits that the operator of a run wants, which change at times, and a count of
// their use that shares no code with the engine. LogChecker checks that the log keeps them.
// Outlives the engine. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/risk/control.h"
#include "eventlog/audit/record_view.h"
#include "tests/sim/plan/coverage.h"
#include "tests/sim/plan/plan.h"

namespace oee::sim {

class RiskSide {
 public:
  explicit RiskSide(const Plan& plan);

  // For the log and the engine; null: the run has no limits.
  RiskControl* control() { return active_ ? &control_ : nullptr; }
  // Those that the engine starts with, or changes to.
  const RiskLimits& limits() const { return limits_; }
  // Replaces the limits now and then. Returns whether it did.
  bool reload();

  // Takes the next durable record.
  void take(const RecordView& record, Coverage& coverage);
  // The use that the engine shows and the count, when they differ; empty: they are equal.
  // REQUIRES: every record of the log was taken, and the control has the use of the log's head.
  std::string difference(WallTime now) const;
  // false also while a change of the limits is under way.
  bool are_limits_in_effect() const {
    return !active_ || control_.view({}, {}).limits_hash == hash_of(limits_);
  }

 private:
  struct Known {
    std::string account;
    std::string input;
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
  struct Sums {
    std::uint64_t open_orders = 0;
    std::uint64_t in_second = 0;
    std::map<std::string, U128> open;   // by the symbol of the input token
    std::map<std::string, U128> today;  // the same
  };

  RiskLimits draw();
  LimitSet draw_set();
  void count(const RecordView& record);
  // At `time_us`, of one account; empty: of all.
  Sums sums(const std::string& account, std::int64_t time_us) const;

  const bool active_;
  Dice dice_;
  RiskControl control_;
  RiskLimits limits_;
  std::map<OrderId, Known> orders_;
  std::vector<Counted> counted_;
  std::int64_t time_us_ = 0;  // of the last record
};

}  // namespace oee::sim
