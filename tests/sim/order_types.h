// OrderTypes: the stop, sniper and twap orders, the exact outputs, the paths and the splits of a
// run as their durable records show them, and the moves of the market that they wait for. It counts
// what happened to them, and knows the orders whose trigger has come. One thread.
#pragma once

#include <map>
#include <set>
#include <string>

#include "eventlog/audit/record_view.h"
#include "tests/sim/environment/venue_side.h"

namespace oee::sim {

// The reference price of the pair, times so many basis points.
Decimal price_at(const TokenInfo& input, const TokenInfo& output, Units bps);

class OrderTypes {
 public:
  OrderTypes(const Plan& plan, VenueSide& venues, Coverage& coverage)
      : venues_(venues), coverage_(coverage), dice_(plan.seed ^ 0x3A8'E7) {}

  // Moves the price of a pair, mostly that of an order that waits for its trigger.
  // For an order of a pair without pools it may open one.
  void move_market();
  bool moves(std::uint32_t per_mille) { return dice_.chance(per_mille); }

  // The next durable record.
  void take(const RecordView& record);
  // The engine has ended. Called when the durable records have been taken.
  void restarted();
  bool awaits_trigger() const { return !waits_.empty(); }
  // Whether an order has been triggered and has had no attempt yet.
  bool has_unstarted() const { return !triggered_.empty(); }
  // Whether the order waits although the venues' present prices trigger it.
  bool trigger_has_come(const OrderId& id) const;

 private:
  struct Wait {
    std::string input;
    std::string output;
    TypeTerms terms;
    bool restarted = false;
  };
  struct Slices {
    U128 amount = 0;
    U128 filled = 0;
    SliceTerms terms;
    std::int64_t accepted_us = 0;
    bool restarted = false;  // after a slice was sold
  };
  void open_pool(const TokenInfo& input, const TokenInfo& output);
  void take_waiting(const RecordView& record);
  void take_slices(const RecordView& record);
  void take_exact(const RecordView& record);
  void take_paths(const RecordView& record);
  void take_splits(const RecordView& record);

  VenueSide& venues_;
  Coverage& coverage_;
  Dice dice_;
  std::map<OrderId, Wait> waits_;
  std::map<OrderId, bool> triggered_;  // whether the engine has ended since
  std::map<OrderId, Slices> slices_;
  struct Exact {
    Units most = 0;  // of its last transaction
    bool restarted = false;
  };
  std::map<OrderId, Exact> exact_;
  struct Split {
    std::set<std::string> venues;
    std::size_t legs = 0;
    std::size_t filled = 0;
    std::size_t ended = 0;
    bool restarted = false;
  };
  std::map<OrderId, Split> splits_;  // live
  std::set<OrderId> splits_filled_in_part_;
  std::map<OrderId, bool> paths_;  // live along a path; whether the engine has ended since
};

}  // namespace oee::sim
