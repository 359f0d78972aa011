#include "projections/log_history.h"

#include <algorithm>

#include "core/order/fold.h"
#include "core/order/order_json.h"
#include "projections/history_limits.h"

namespace oee {
namespace {

constexpr std::size_t records_per_read = 4'096;  // about 2 MB

bool matches(const EventFilter& filter, const Record& record) {
  return !filter.type || type_of(record.event) == *filter.type;
}

}  // namespace

Result<std::optional<Order>> LogHistory::order(const OrderId& id, std::optional<Seq> at) {
  OEE_TRY_ASSIGN(const std::vector<Record> records, log_.read_order(id));
  return fold_order(records, at);
}

Result<std::vector<Record>> LogHistory::records(const OrderId& id, std::optional<Seq> at) {
  if (id == engine_stream) return std::vector<Record>();
  OEE_TRY_ASSIGN(std::vector<Record> records, log_.read_order(id));
  while (at && !records.empty() && records.back().seq > *at) records.pop_back();
  return records;
}

Result<bool> LogHistory::scan(const Record& record, const EventFilter& filter, Events& events) {
  events.scanned = record.seq;
  if (!filter.account.empty()) {
    OEE_TRY_ASSIGN(const bool wanted, tokens_.is_of(record, filter.account));
    if (!wanted) return true;
  }
  if (!matches(filter, record)) return true;
  EventView& view = events.items.emplace_back();
  view.update = update_of(record);
  if (filter.tokens) OEE_TRY(tokens_.fill(view.update));
  JsonWriter json(view.json);
  write_event(json, record, true);
  return events.items.size() < filter.limit;
}

Result<OrderHistory::Events> LogHistory::events(const EventFilter& filter) {
  Events events;
  events.scanned = filter.after;
  if (filter.order_id) {
    OEE_TRY_ASSIGN(const std::vector<Record> records, log_.read_order(*filter.order_id));
    for (const Record& record : records) {
      if (record.seq <= filter.after) continue;
      OEE_TRY_ASSIGN(const bool more, scan(record, filter, events));
      if (!more) break;
    }
    return events;
  }
  const Seq last = events_scan_end(filter.after) - 1;
  while (events.scanned < last) {
    const bool filtered = filter.type || !filter.account.empty();
    const std::size_t room = filtered ? last - events.scanned : filter.limit - events.items.size();
    const std::size_t wanted = std::min(room, records_per_read);
    OEE_TRY_ASSIGN(const BlockPtr block, log_.read(events.scanned + 1, wanted));
    if (block == nullptr || block->end() <= events.scanned + 1) break;
    for (const Record& record : block->records) {
      if (record.seq <= events.scanned) continue;
      if (record.seq > last) return events;
      OEE_TRY_ASSIGN(const bool more, scan(record, filter, events));
      if (!more) return events;
    }
  }
  return events;
}

}  // namespace oee
