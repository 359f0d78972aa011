// RiskChecker: the rule of the risk limits, for LogChecker. It folds the limits and their use by
// itself, so that a mistake of core/risk is found. Of each RiskLimitsChanged it keeps the lines; an
// order is compared with the limits of the last one before it, and with none before the first. The
// price collar is not checked: the log does not hold the reference price. It holds about 150 bytes
// for each order that has not ended, and 200 for each account. One thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/decimal.h"
#include "eventlog/audit/finding.h"
#include "eventlog/audit/record_view.h"

namespace oee {

class RiskChecker {
 public:
  // Checks the next record. REQUIRES: the event is legal.
  std::optional<Finding> take(const RecordView& record);

 private:
  // The sums of amounts are by input token: its symbol, a slash and its decimals.
  struct Use {
    std::uint64_t open_orders = 0;
    std::int64_t second = 0;  // of the newest acceptance
    std::uint64_t in_second = 0;
    std::map<std::string, U128, std::less<>> open;
    std::map<std::string, U128, std::less<>> today;
  };
  struct Order {
    std::string account;
    std::string input;  // as in Use
    std::string pair;   // "SOL/USDC"
    std::uint32_t slippage_bps = 0;
    U128 amount = 0;
    U128 filled = 0;
    bool open = false;
  };
  // The amounts that a record adds to the use.
  struct Added {
    bool opens = false;
    bool accepts = false;
    U128 open = 0;
    U128 today = 0;
  };

  std::optional<Finding> change_limits(std::string_view text);
  // Takes the record into the use.
  Added fold(const RecordView& record);
  void close(Order& order);
  void begin_day();
  template <class Change>
  void in_both(const std::string& account, Change change) {
    change(all_);
    change(accounts_[account]);
  }

  // The limit that the order is beyond: "account.open_orders: limit 2, value 3". `account`: of its
  // limits; empty: those of all.
  std::string broken(std::string_view account, const Order& order, const Added& added,
                     const Use& use) const;
  // The value of a line; nullopt: there is none.
  std::optional<std::string_view> limit(std::string_view account, std::string_view name) const;

  // From a line without its last word to that word.
  std::unordered_map<std::string, std::string> limits_;
  boost::unordered_flat_map<OrderId, Order, IdHash> orders_;
  Use all_;
  std::unordered_map<std::string, Use> accounts_;
  std::int64_t day_ = 0;
};

}  // namespace oee
