#include "core/exec/risk_recovery.h"

#include <unordered_set>

#include "core/order/fold.h"

namespace oee {
namespace {

using std::chrono::days;
using std::chrono::floor;

constexpr std::size_t records_per_read = 4'096;

// A block with record `seq`, of about `limit` records from it on.
Result<BlockPtr> read_from(EventLog& log, Seq seq, std::size_t limit) {
  OEE_TRY_ASSIGN(BlockPtr block, log.read(seq, limit));
  if (block && block->first <= seq && seq < block->end()) return block;
  return Error{Errc::corrupt, "seq " + std::to_string(seq) + " cannot be read"};
}

Result<WallTime> time_of(EventLog& log, Seq seq) {
  OEE_TRY_ASSIGN(const BlockPtr block, read_from(log, seq, 1));
  return block->records[seq - block->first].time;
}

// The first record of the day that begins at `begin`. REQUIRES: record `head` is of that day.
Result<Seq> first_of_day(EventLog& log, WallTime begin, Seq head) {
  Seq first = 1;
  Seq of_day = head;
  while (first < of_day) {
    const Seq middle = first + (of_day - first) / 2;
    OEE_TRY_ASSIGN(const WallTime time, time_of(log, middle));
    if (time < begin)
      first = middle + 1;
    else
      of_day = middle;
  }
  return of_day;
}

// Adds the raises of the order's amount since `begin`, each against the amount before it.
Result<void> add_raises(EventLog& log, const OrderId& id, WallTime begin, RiskUse& use) {
  OEE_TRY_ASSIGN(const std::vector<Record> records, log.read_order(id));
  Order order;
  for (const Record& record : records) {
    if (record.seq > use.head()) break;
    const auto* amended = std::get_if<OrderAmended>(&record.event);
    if (amended != nullptr && record.time >= begin) use.add_amended(order, amended->terms);
    OEE_TRY(fold_record(order, record));
  }
  return {};
}

}  // namespace

Result<RiskUse> recover_risk_use(EventLog& log, std::span<const Order> open, Seq head) {
  RiskUse use;
  use.set_head(head);
  if (head == 0) return use;
  OEE_TRY_ASSIGN(const WallTime time, time_of(log, head));
  use.advance_to(time);
  for (const Order& order : open) use.add_open(order);
  const WallTime begin = floor<days>(time);
  std::unordered_set<OrderId, IdHash> amended_today;
  OEE_TRY_ASSIGN(Seq next, first_of_day(log, begin, head));
  while (next <= head) {
    OEE_TRY_ASSIGN(const BlockPtr block, read_from(log, next, records_per_read));
    for (const Record& record : block->records) {
      if (record.seq < next || record.seq > head) continue;
      if (const auto* accepted = std::get_if<OrderAccepted>(&record.event))
        use.add_accepted(*accepted, record.time);
      const auto* amended = std::get_if<OrderAmended>(&record.event);
      if (amended != nullptr && amended->terms.amount_in) amended_today.insert(record.order_id);
    }
    next = block->end();
  }
  for (const OrderId& id : amended_today) OEE_TRY(add_raises(log, id, begin, use));
  return use;
}

}  // namespace oee
