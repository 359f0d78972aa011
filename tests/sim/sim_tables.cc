#include "tests/sim/sim_tables.h"

#include <utility>

namespace oee::sim {
namespace {

Error away() {
  return Error{Errc::unavailable, "postgres: the connection was lost"};
}

}  // namespace

Result<ProjectionCursor> SimTables::cursor() {
  if (weather_ == Weather::away) return away();
  return contents_.cursor;
}

Result<void> SimTables::apply(const ProjectionBatch& batch) {
  if (weather_ == Weather::away) return away();
  const ProjectionCursor& at = contents_.cursor;
  if (!at.log_id.is_zero() && at.log_id != batch.log_id)
    return Error{Errc::conflict, "the tables are of another log"};
  if (batch.from != at.last_seq + 1)
    return Error{Errc::conflict, "the tables stand at " + std::to_string(at.last_seq)};
  for (const Record* record : batch.records)
    contents_.events.emplace(record->seq, record->order_id);
  for (const Order& order : batch.orders) contents_.orders[order.id] = order;
  contents_.cursor = ProjectionCursor{batch.log_id, batch.end - 1};
  if (weather_ == Weather::reply_lost) {
    weather_ = Weather::fine;
    return away();
  }
  return {};
}

Result<Page<Order>> SimTables::orders(const OrderFilter& filter) {
  if (weather_ == Weather::away) return away();
  Page<Order> page;
  for (const auto& [id, order] : contents_.orders) {
    if (filter.status && order.status() != *filter.status) continue;
    if (page.items.size() < filter.limit) page.items.push_back(order);
  }
  return page;
}

Result<Page<Order>> SimTables::dead_letters(std::uint32_t limit, const std::string&) {
  OrderFilter failed;
  failed.status = OrderStatus::failed;
  failed.limit = limit;
  return orders(failed);
}

Result<DeadLetterStats> SimTables::dead_letter_stats() {
  if (weather_ == Weather::away) return away();
  return DeadLetterStats();
}

}  // namespace oee::sim
