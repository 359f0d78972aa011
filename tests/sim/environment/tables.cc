#include "tests/sim/environment/tables.h"

#include <utility>

#include "core/order/fold.h"

namespace oee::sim {
namespace {

Error away() {
  return Error{Errc::unavailable, "postgres: the connection was lost"};
}

}  // namespace

Result<ProjectionCursor> SimTables::cursor() {
  if (fault_ == Fault::away || silent()) return away();
  return contents_.cursor;
}

Result<void> SimTables::apply(const ProjectionBatch& batch) {
  if (fault_ == Fault::away) return away();
  if (silent()) {
    commits_silently_ = !commits_silently_;
    if (!commits_silently_) return away();
  }
  const ProjectionCursor& at = contents_.cursor;
  if (!at.log_id.is_zero() && at.log_id != batch.log_id)
    return Error{Errc::conflict, "the tables are of another log"};
  if (batch.from != at.last_seq + 1)
    return Error{Errc::conflict, "the tables are at seq " + std::to_string(at.last_seq)};
  for (const Record* record : batch.records) contents_.events.emplace(record->seq, *record);
  for (const Order& order : batch.orders) contents_.orders[order.id] = order;
  contents_.cursor = ProjectionCursor{batch.log_id, batch.end - 1};
  if (fault_ == Fault::reply_lost) {
    fault_ = Fault::none;
    return away();
  }
  if (silent()) return away();
  return {};
}

Result<std::optional<Order>> SimTables::order(const OrderId& id, std::optional<Seq> at) {
  OEE_TRY_ASSIGN(const std::vector<Record> found, records(id, at));
  return fold_order(found);
}

Result<std::vector<Record>> SimTables::records(const OrderId& id, std::optional<Seq> at) {
  if (fault_ == Fault::away || silent()) return away();
  std::vector<Record> records;
  for (const auto& [seq, record] : contents_.events)
    if (record.order_id == id && (!at || seq <= *at)) records.push_back(record);
  return records;
}

Result<OrderHistory::Events> SimTables::events(const EventFilter& filter) {
  if (fault_ == Fault::away || silent()) return away();
  Events events;
  events.scanned = filter.after;
  for (auto at = contents_.events.upper_bound(filter.after); at != contents_.events.end(); ++at) {
    if (events.items.size() >= filter.limit) break;
    events.scanned = at->first;
    if (filter.order_id && at->second.order_id != *filter.order_id) continue;
    events.items.push_back({update_of(at->second), {}});
  }
  return events;
}

Result<Page<Order>> SimTables::orders(const OrderFilter& filter) {
  if (fault_ == Fault::away || silent()) return away();
  Page<Order> page;
  for (const auto& [id, order] : contents_.orders) {
    if (filter.status && order.status() != *filter.status) continue;
    if (page.items.size() < filter.limit) page.items.push_back(order);
  }
  return page;
}

Result<Page<Order>> SimTables::dead_letters(std::uint32_t limit, const std::string&,
                                            const std::string&) {
  OrderFilter failed;
  failed.status = OrderStatus::failed;
  failed.limit = limit;
  return orders(failed);
}

Result<DeadLetterCounts> SimTables::dead_letter_counts(const std::string&) {
  if (fault_ == Fault::away || silent()) return away();
  return DeadLetterCounts();
}

}  // namespace oee::sim
