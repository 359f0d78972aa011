#include "core/exec/open_orders.h"

#include <algorithm>
#include <unordered_set>

#include "core/order/fold.h"

namespace oee {

Order* OpenOrders::find(const OrderId& id) {
  if (const auto found = orders_.find(id); found != orders_.end()) return &found->second;
  const auto found = packed_.find(id);
  if (found == packed_.end()) return nullptr;
  Order* order = &orders_.emplace(id, found->second.unpack()).first->second;
  packed_.erase(found);
  return order;
}

std::optional<Order> OpenOrders::copy_of(const OrderId& id) const {
  if (const auto found = orders_.find(id); found != orders_.end()) return found->second;
  if (const auto found = packed_.find(id); found != packed_.end()) return found->second.unpack();
  return std::nullopt;
}

void OpenOrders::pack(const OrderId& id) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return;
  packed_.emplace(id, PackedOrder(found->second));
  orders_.erase(found);
}

OpenOrders::Change OpenOrders::apply(const Record& record, Before& before) {
  if (!owns(record.order_id)) return Change::none;
  const EventType type = type_of(record.event);
  const bool newest = record.seq > folded_;
  folded_ = std::max(folded_, record.seq);
  if (type == EventType::order_accepted) {
    if (!newest && packed_.contains(record.order_id)) return Change::none;  // was recovered
    const auto [at, inserted] = orders_.try_emplace(record.order_id);
    if (!inserted) return Change::none;  // the same
    const auto folded = evolve(at->second, record);
    check(folded.ok(), "the log contains an illegal OrderAccepted");
    counted(at->second).add();
    return Change::opened;
  }
  Order* order = find(record.order_id);
  if (order == nullptr) return is_open(transition_of(type).after) ? Change::unknown : Change::none;
  if (record.version <= order->version) return Change::none;
  before = Before{order->phase, order->attempt, order->accepted_at, order->updated_at,
                  order->expires_at};
  counted(*order).subtract();
  const auto folded = evolve(*order, record);
  check(folded.ok(), "the log contains an illegal event");
  if (order->open()) {
    counted(*order).add();
    return Change::advanced;
  }
  orders_.erase(record.order_id);
  return Change::ended;
}

void OpenOrders::put(Order order) {
  Order* held = find(order.id);
  if (held != nullptr && held->version >= order.version) return;
  if (held != nullptr) counted(*held).subtract();
  counted(order).add();
  folded_ = std::max(folded_, order.last_seq);
  const OrderId id = order.id;
  orders_.insert_or_assign(id, std::move(order));
}

std::vector<OrderId> OpenOrders::ids() const {
  std::vector<OrderId> ids;
  ids.reserve(size());
  for (const auto& [id, order] : orders_) ids.push_back(id);
  for (const auto& [id, order] : packed_) ids.push_back(id);
  return ids;
}

Result<std::vector<Order>> recover_open_orders(EventLog& log, Seq* as_of) {
  const OpenOrderHint hint = log.load_hint();
  const Seq head = log.wait_past(0, std::chrono::milliseconds(0));
  std::unordered_set<OrderId, IdHash> candidates(hint.open.begin(), hint.open.end());
  for (Seq next = hint.seq + 1; next <= head;) {
    OEE_TRY_ASSIGN(const BlockPtr block, log.read(next, 4'096));
    if (!block || block->records.empty() || block->end() <= next)
      return Error{Errc::corrupt, "seq " + std::to_string(next) + " cannot be read"};
    for (const Record& record : block->records) {
      const EventType type = type_of(record.event);
      if (type == EventType::order_accepted || type == EventType::dead_letter_requeued) {
        candidates.insert(record.order_id);
      } else if (record.seq > hint.seq && !is_open(transition_of(type).after)) {
        candidates.erase(record.order_id);
      }
    }
    next = block->end();
  }
  // Ids begin with their time: in their order, neighbours in the log are read one after the other,
  // from blocks that the cache still has.
  std::vector<OrderId> ids(candidates.begin(), candidates.end());
  std::sort(ids.begin(), ids.end());
  std::vector<Order> open;
  open.reserve(ids.size());
  for (const OrderId& id : ids) {
    OEE_TRY_ASSIGN(const std::vector<Record> records, log.read_order(id));
    OEE_TRY_ASSIGN(std::optional<Order> order, fold_order(records));
    if (order && order->open()) open.push_back(*std::move(order));
  }
  *as_of = head;
  return open;
}

}  // namespace oee
