// RebuildFold: folds a log from its first record, giving each row away as soon as nothing can
// change it any more. Only orders that are open (in full) and failed (encoded, ~250 B) stay in
// memory. Pure but for that.
#pragma once

#include <functional>
#include <span>
#include <unordered_map>

#include "core/order/order.h"
#include "projections/postgres/order_rows.h"

namespace oee {

class RebuildFold {
 public:
  // Rows that are final: of orders that cannot change, of dead letters that are resolved.
  struct FinalRows {
    RowBuffer orders{orders_table.columns.size()};
    RowBuffer dead_letters{dead_letters_table.columns.size()};
  };

  // The next records of the log, in order. corrupt: an illegal event. `touched`, when given, gets
  // every order that the records touched, as it stands after them.
  Result<void> fold(std::span<const Record> records, FinalRows* rows, std::vector<Order>* touched);

  // The rows of everything that may still change, as it stands now. `taken` is called after every
  // row, and may take rows out.
  Result<void> append_unfinished(FinalRows& rows, const std::function<void()>& taken) const;

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
