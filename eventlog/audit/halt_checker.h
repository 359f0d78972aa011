// HaltChecker: the rule of halted trading, for LogChecker. It folds the halts by itself, so that a
// mistake of core/order/halts.h is found. It holds about 80 bytes for each order that has not
// ended. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "eventlog/audit/finding.h"
#include "eventlog/audit/record_view.h"

namespace oee {

class HaltChecker {
 public:
  // Checks the next record. REQUIRES: the event is legal.
  std::optional<Finding> take(const RecordView& record);

 private:
  struct Terms {
    std::string account;
    Symbol input;
    Symbol output;
  };
  struct InForce {
    Seq seq = 0;
    HaltScope scope{};
    std::string value;
    bool covers(const Terms& terms, const RecordView& record) const;
  };
  std::optional<Finding> check(const Terms& terms, const RecordView& record) const;
  std::optional<Finding> resume(Seq halt);

  std::vector<InForce> halts_;
  boost::unordered_flat_map<OrderId, Terms, IdHash> open_;
};

}  // namespace oee
