#include "api/stream/history_reader.h"

#include <algorithm>

namespace oee {

namespace {

UpdateBatch batch_of(std::vector<EventView> items) {
  std::vector<Update> updates;
  updates.reserve(items.size());
  for (EventView& item : items) updates.push_back(std::move(item.update));
  return std::make_shared<const std::vector<Update>>(std::move(updates));
}

// The order's events, when the history reaches `until`; else no value. Each call checks that again:
// a PostgreSQL that is replaced by an older copy no longer has the records that it had. Runs on the
// worker.
Result<std::optional<OrderHistory::Events>> read_order(OrderHistory& history,
                                                       const EventFilter& filter, Seq until) {
  EventFilter last;
  last.after = until - 1;
  last.limit = 1;
  OEE_TRY_ASSIGN(const OrderHistory::Events found, history.events(last));
  if (found.items.empty()) return std::optional<OrderHistory::Events>();
  OEE_TRY_ASSIGN(OrderHistory::Events events, history.events(filter));
  return std::optional<OrderHistory::Events>(std::move(events));
}

}  // namespace

Task<Result<UpdateBatch>> HistoryReader::range(Seq after, std::uint32_t limit, HistoryUse use) {
  EventFilter filter;
  filter.after = after;
  filter.limit = limit;
  filter.tokens = use.tokens;
  auto job = [&history = history_, filter] { return history.events(filter); };
  Result<OrderHistory::Events> events = co_await read_.run(loop_, std::move(job), use.client);
  if (!events.ok()) co_return events.error();
  Seq expected = after;
  for (const EventView& item : events->items) {
    if (item.update.seq == ++expected) continue;
    std::string what = "the history has a hole before seq " + std::to_string(item.update.seq);
    Error hole{Errc::corrupt, std::move(what)};
    co_return hole;
  }
  co_return batch_of(std::move(events->items));
}

Task<Result<std::optional<HistoryReader::OrderPage>>> HistoryReader::order_page(
    OrderId id, Seq after, Seq until, std::uint32_t limit, HistoryUse use) {
  EventFilter filter;
  filter.order_id = id;
  filter.after = after;
  filter.limit = limit;
  filter.tokens = use.tokens;
  auto job = [&history = history_, filter, until] { return read_order(history, filter, until); };
  Result<std::optional<OrderHistory::Events>> events =
      co_await read_.run(loop_, std::move(job), use.client);
  if (!events.ok()) co_return events.error();
  if (!*events) co_return std::optional<OrderPage>();
  std::vector<EventView>& items = (*events)->items;
  const bool complete = items.size() < limit;
  OrderPage page;
  page.scanned = complete ? until : std::min(until, items.back().update.seq);
  std::erase_if(items, [until](const EventView& item) { return item.update.seq > until; });
  page.updates = batch_of(std::move(items));
  co_return std::optional<OrderPage>(std::move(page));
}

}  // namespace oee
