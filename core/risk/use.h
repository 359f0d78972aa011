// RiskUse: how much of the limits is in use: the fold of the log's records, per account and in all.
// Pure: the same records give the same use, whether they are folded from the first on or from a
// start, which adds the open orders and the records of the present day (core/exec/risk_recovery.h).
// Nothing of it is stored. A value with an owner; one thread.
//
// An order counts as open from its acceptance, or its requeue, to its end, with the amount that
// remains of it: its amount less its fills. Its amount counts for the UTC day and the second of its
// acceptance's record, also when it ends without a trade. An amendment that raises the amount
// counts the raise for the day of its own record; one that lowers it gives nothing of a day back.
//
// Memory: 80 B an open order, at most twice as much in the map, and about 300 B an account.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/order/order.h"

namespace oee {

// The terms of an order that have limits.
struct RiskTerms {
  Token input;
  Symbol output;
  std::uint32_t slippage_bps = 0;
  Units amount_in = 0;
  Units filled_in = 0;
  Units remaining() const { return amount_in - filled_in; }
};
RiskTerms risk_terms_of(const OrderAccepted& order);
RiskTerms risk_terms_of(const Order& order);
RiskTerms amended(const RiskTerms& order, const Amendment& terms);

// By how much an amendment to `to` raises an amount; 0: it does not.
constexpr Units raise_of(Units from, Units to) {
  return to > from ? to - from : 0;
}

// Sums of input amounts in base units. 2^64 orders of 2^64 units fit.
struct TokenUse {
  Token token;
  U128 open = 0;
  U128 today = 0;
  friend bool operator==(const TokenUse&, const TokenUse&) = default;
};

struct LimitUse {
  std::uint64_t open_orders = 0;
  std::uint64_t orders_today = 0;
  std::chrono::sys_seconds second{};  // of the newest acceptance today
  std::uint64_t orders_in_second = 0;
  std::vector<TokenUse> tokens;  // sorted; only tokens with a sum

  bool empty() const { return open_orders == 0 && orders_today == 0 && tokens.empty(); }
  TokenUse of(const Token& token) const;                   // zeros: none
  std::uint64_t orders_in_second_of(WallTime time) const;  // accepted in the same second
  friend bool operator==(const LimitUse&, const LimitUse&) = default;
};

class RiskUse {
 public:
  // An order of a further account is refused while this many have open orders or orders of the day.
  // A log that was written without limits may hold more: they are all counted.
  static constexpr std::size_t accounts_max = 10'000;

  RiskUse() = default;
  RiskUse(RiskUse&&) = default;
  RiskUse& operator=(RiskUse&&) = default;

  // Passes to the day of `time`, that of a record. An earlier time than before is ignored.
  void advance_to(WallTime time);
  // Folds the log's next record. `requeued`: the order before it; REQUIRED for DeadLetterRequeued,
  // else not read. The events of no order change nothing.
  void fold(const Record& record, const Order* requeued = nullptr);

  // The two halves of a start, which is at `head`. Each is called once for each such order or
  // record up to `head`, after advance_to() with the time of record `head`.
  void add_open(const Order& order);
  // Of the present day. `before`: the order before its amendment.
  void add_accepted(const OrderAccepted& accepted, WallTime time);
  void add_amended(const Order& before, const Amendment& terms);
  void set_head(Seq head) { head_ = head; }

  Seq head() const { return head_; }       // the last record folded
  WallTime time() const { return time_; }  // of the last record; no later one is earlier
  // No record is of the day of `time` yet: the sums of a day are those of an earlier one.
  bool day_over(WallTime time) const;
  const LimitUse& all() const { return all_; }
  const LimitUse& of(std::string_view account) const;
  std::size_t accounts() const { return accounts_.size(); }
  // Whether an order of the account may be accepted at `time` within accounts_max.
  bool has_room_for(std::string_view account, WallTime time) const;

  // An order that is open.
  struct OpenOrder {
    std::string_view account;
    RiskTerms terms;
  };
  std::optional<OpenOrder> find(const OrderId& id) const;

 private:
  // The nodes of unordered_map stay where they are.
  using Accounts = std::unordered_map<std::string, LimitUse>;
  struct Held {
    Accounts::value_type* account;
    RiskTerms terms;
  };

  void open(const OrderId& id, std::string_view account, const RiskTerms& terms);
  void fill(const OrderId& id, Units amount_in);
  void amend(const OrderId& id, const Amendment& terms);
  void end(const OrderId& id);

  boost::unordered_flat_map<OrderId, Held, IdHash> orders_;
  Accounts accounts_;  // not empty() ones
  LimitUse all_;
  WallTime time_{};
  Seq head_ = 0;
};

}  // namespace oee
