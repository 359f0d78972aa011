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

namespace {

// The records from `from` on. corrupt: it cannot be read.
Result<BlockPtr> read_block(EventLog& log, Seq from) {
  OEE_TRY_ASSIGN(BlockPtr block, log.read(from, 4'096));
  if (!block || block->records.empty() || block->end() <= from)
    return Error{Errc::corrupt, "seq " + std::to_string(from) + " cannot be read"};
  return block;
}

using Candidates = std::unordered_set<OrderId, IdHash>;

// An order is folded from its own records in 24 us, and a record of a scan costs 2 us.
constexpr Seq scanned_per_order = 10;

// The hint's orders, and those that were accepted or requeued after it.
Result<Candidates> candidates_of(EventLog& log, const OpenOrderHint& hint, Seq head) {
  Candidates candidates(hint.open.begin(), hint.open.end());
  for (Seq next = hint.seq + 1; next <= head;) {
    OEE_TRY_ASSIGN(const BlockPtr block, read_block(log, next));
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
  return candidates;
}

// Folds the candidates that were accepted at `first` or later from the records up to `head`, and
// takes them out of `candidates`.
Result<std::vector<Order>> scan(EventLog& log, Seq first, Seq head, Candidates& candidates) {
  std::vector<Order> orders;
  boost::unordered_flat_map<OrderId, std::size_t, IdHash> places;
  for (Seq next = first; next <= head;) {
    OEE_TRY_ASSIGN(const BlockPtr block, read_block(log, next));
    for (const Record& record : block->records) {
      if (record.version == 1 && candidates.erase(record.order_id) > 0) {
        places.emplace(record.order_id, orders.size());
        orders.emplace_back();
      }
      const auto place = places.find(record.order_id);
      if (place == places.end()) continue;
      OEE_TRY(fold_record(orders[place->second], record));
    }
    next = block->end();
  }
  return orders;
}

}  // namespace

Result<std::vector<Order>> recover_open_orders(EventLog& log, Seq* as_of) {
  const OpenOrderHint hint = log.load_hint();
  const Seq head = log.wait_past(0, std::chrono::milliseconds(0));
  OEE_TRY_ASSIGN(Candidates candidates, candidates_of(log, hint, head));
  *as_of = head;
  std::vector<Order> orders;
  // Ids begin with their time. Where most orders since the first candidate are candidates too, all
  // records since then are read once, in their order.
  if (!candidates.empty()) {
    OEE_TRY_ASSIGN(const std::vector<Record> first,
                   log.read_order(*std::min_element(candidates.begin(), candidates.end())));
    if (!first.empty() && (head - first.front().seq) / scanned_per_order < candidates.size()) {
      OEE_TRY_ASSIGN(orders, scan(log, first.front().seq, head, candidates));
    }
  }
  // In the order of their ids, neighbours in the log are read one after the other, from blocks that
  // the cache still has.
  std::vector<OrderId> ids(candidates.begin(), candidates.end());
  std::sort(ids.begin(), ids.end());
  for (const OrderId& id : ids) {
    OEE_TRY_ASSIGN(const std::vector<Record> records, log.read_order(id));
    OEE_TRY_ASSIGN(std::optional<Order> order, fold_order(records));
    if (order) orders.push_back(*std::move(order));
  }
  std::erase_if(orders, [](const Order& order) { return !order.open(); });
  return orders;
}

}  // namespace oee
