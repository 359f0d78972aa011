// RebuildFold: folds a log from its first record and appends each row as soon as no later record
// can change it. Only open orders (in full) and failed orders (encoded, ~250 B) stay in memory. No
// I/O; one thread at a time.
#pragma once

#include <functional>
#include <span>
#include <unordered_map>

#include "core/order/order.h"
#include "projections/postgres/order_rows.h"

namespace oee {

class RebuildFold {
 public:
  // Final rows: orders that cannot change any more, and dead letters that are resolved.
  struct FinalRows {
    RowBuffer orders{orders_table.columns.size()};
    RowBuffer dead_letters{dead_letters_table.columns.size()};
  };

  // Folds the next records of the log, in order. `rows`, when given, gets the rows that became
  // final; `touched`, when given, gets every order that the records changed, as it is after them.
  // corrupt: an illegal event.
  Result<void> fold(std::span<const Record> records, FinalRows* rows, std::vector<Order>* touched);

  // Appends the current rows of all orders and dead letters that may still change. `appended` is
  // called after every row and may remove rows.
  Result<void> append_unfinished(FinalRows& rows, const std::function<void()>& appended) const;

  std::uint64_t confirmed() const { return confirmed_; }
  std::uint64_t discarded() const { return discarded_; }

 private:
  Result<void> fold(const Record& record, FinalRows* rows);
  Result<Order*> order_before(const Record& record);
  void fold_dead_letter(const Record& record, FinalRows* rows);

  std::unordered_map<OrderId, Order, IdHash> open_;
  std::unordered_map<OrderId, std::string, IdHash> failed_;  // encoded, see order_codec.h
  // the OrderFailed of each failed order
  std::unordered_map<OrderId, Record, IdHash> dead_letters_;
  std::vector<Order>* touched_ = nullptr;
  std::unordered_map<OrderId, std::size_t, IdHash> touched_index_;
  std::uint64_t confirmed_ = 0;
  std::uint64_t discarded_ = 0;
};

}  // namespace oee
