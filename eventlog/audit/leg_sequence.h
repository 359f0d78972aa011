// LegSequence: the order of the events of a split attempt, for LogChecker. Its legs are built
// behind its TransactionBuilt, their events name legs that are open, and its end follows that of
// its last leg. A value of six bytes for each order. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "eventlog/audit/record_view.h"

namespace oee {

class LegSequence {
 public:
  // Takes the order's next event, and returns its fault; empty: none. REQUIRES: the event is legal
  // by the lifecycle table and names the attempt under way.
  std::string take(const RecordView& record);
  // The same append has another event of the order: a LegBuilt, or the attempt's end.
  bool append_goes_on() const { return built_ < to_build_ || all_ended() || needs_requeue_; }
  // An operator has stated that a leg of the last attempt never settled. No attempt follows before
  // a requeue of the order, which has failed or has ended otherwise.
  bool needs_requeue() const { return needs_requeue_; }

 private:
  bool is_split() const { return built_ > 0; }
  bool all_ended() const { return is_split() && ended_ == (1U << built_) - 1; }
  std::string wrong_leg(std::uint8_t leg) const;
  std::string end_of_attempt(EventType type);

  std::uint8_t stated_ = 1;    // by RouteSelected
  std::uint8_t to_build_ = 0;  // of a split, from its TransactionBuilt on
  std::uint8_t built_ = 0;
  std::uint8_t ended_ = 0;  // a bit for each leg
  bool stated_unsettled_ = false;
  bool needs_requeue_ = false;
};

}  // namespace oee
