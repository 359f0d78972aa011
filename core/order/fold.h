// The fold of an order's stored records: the order as it stands after a given seq. Every stage that
// rebuilds an order from the log, or from rows made of the log, uses these functions. Pure. Any
// thread.
//
// Both return `corrupt` for a record that is not the order's next legal one: the log accepts legal
// events only, so a stored illegal one is damage. The error names the seq, the order, its version
// and the transition:
//   seq 7: order 018f... version 3 (OrderConfirmed): not legal when pending
#pragma once

#include <optional>
#include <span>

#include "core/order/order.h"

namespace oee {

// Applies the order's next stored record. On an error `order` is unchanged.
Result<void> fold_record(Order& order, const Record& record);
// The same; `order` keeps no view of the record.
Result<void> fold_record(Order& order, const BorrowedRecord& record);

// The order after those of its records whose seq is at most `head`; without `head`, after all.
// Records after `head` are not looked at. nullopt, which is not an error: there is no such record,
// so the order does not exist at `head`; the caller decides whether that is `not_found`.
// REQUIRES: the records are of one order, its first one first, in the order of their seqs.
Result<std::optional<Order>> fold_order(std::span<const Record> records,
                                        std::optional<Seq> head = std::nullopt);

}  // namespace oee
