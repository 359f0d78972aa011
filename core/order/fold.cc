#include "core/order/fold.h"

#include <string>
#include <utility>

namespace oee {
namespace {

template <class Text>
Result<void> fold(Order& order, const RecordOf<Text>& record) {
  auto evolved = evolve(order, record);
  if (evolved.ok()) return evolved;
  return Error{Errc::corrupt, "seq " + std::to_string(record.seq) + ": " + evolved.error().detail};
}

}  // namespace

Result<void> fold_record(Order& order, const Record& record) {
  return fold(order, record);
}
Result<void> fold_record(Order& order, const BorrowedRecord& record) {
  return fold(order, record);
}

Result<std::optional<Order>> fold_order(std::span<const Record> records, std::optional<Seq> head) {
  Order order;
  if (!records.empty() && records.front().order_id == engine_stream) return std::optional<Order>();
  for (const Record& record : records) {
    if (head && record.seq > *head) break;
    OEE_TRY(fold_record(order, record));
  }
  if (order.version == 0) return std::optional<Order>();
  return std::optional<Order>(std::move(order));
}

}  // namespace oee
