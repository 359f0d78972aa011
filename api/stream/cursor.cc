#include "api/stream/cursor.h"

#include <algorithm>

namespace oee {
namespace {

// A page is ~20 KB. It and the frame before it are all that a reader of the history holds: 12,000
// readers that do not read hold 500 MB.
constexpr std::uint32_t page_updates_max = 64;

}  // namespace

void StreamReader::on_range(const UpdateRange& range, const SubscriptionOffset& first) {
  SubscriptionOffset offset = first;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const UpdatePtr update = range.at(i);
    on_update(update, offset);
    offset = offset.after(1, update->seq);
  }
}

StreamCursor::StreamCursor(StreamHub& hub, StreamReader& reader, std::optional<OrderId> order,
                           std::optional<Seq> after, StreamFilter filter, std::uint64_t client)
    : hub_(hub),
      reader_(reader),
      order_(order),
      after_(after),
      filter_(std::move(filter)),
      use_{.client = client, .tokens = filter_.reads_tokens()},
      log_changes_(hub.log_changes()),
      position_(after.value_or(0)) {}

Task<bool> StreamCursor::begin() {
  const bool started = co_await hub_.started();
  if (!started || ended_) co_return false;
  if (!after_) position_ = hub_.position();
  offset_.prev_seq = position_;
  co_return true;
}

// The last check of the position and the subscription are one step: no update comes between them.
Task<bool> StreamCursor::catch_up() {
  const std::uint32_t page =
      std::clamp<std::uint32_t>(hub_.options().subscriber_updates_max / 4, 1, page_updates_max);
  while (!ended_ && !of_another_log() && position_ < hub_.position()) {
    // A reader without room holds no page.
    bool room = co_await reader_.room();
    if (ended_ || !room) co_return false;
    if (of_another_log()) break;
    const Result<StreamHub::HistoryPage> history =
        co_await hub_.history(order_, position_, hub_.position(), page, use_);
    if (ended_) co_return false;
    if (!history.ok()) {
      on_stream_lost(position_, "updates are not available now");
      co_return false;
    }
    // Meanwhile another subscription of the reader may have taken the room.
    room = co_await reader_.room();
    if (ended_ || !room) co_return false;
    if (of_another_log()) break;  // the page may be of it
    for (const UpdatePtr& update : history->updates) deliver(update);
    position_ = std::max(position_, history->scanned);
  }
  if (ended_) co_return false;
  if (of_another_log()) {
    on_stream_lost(0, "the stream is of another log now");
    co_return false;
  }
  hub_.subscribe(*this, order_);
  live_ = true;
  co_return true;
}

void StreamCursor::end() {
  if (std::exchange(live_, false)) hub_.unsubscribe(*this, order_);
  ended_ = true;
}

void StreamCursor::deliver(const UpdatePtr& update) {
  position_ = update->seq;
  if (!filter_.matches(*update)) return;
  ++offset_.n;
  reader_.on_update(update, offset_);
  offset_.prev_seq = update->seq;
}

// The hub may be behind the cursor: a client may reconnect to a shard that is behind the one it
// left.
void StreamCursor::on_update(const UpdatePtr& update) {
  if (update->seq > position_) deliver(update);
}

void StreamCursor::on_range(const UpdateRange& range) {
  if (range.back().seq <= position_) return;
  UpdateRange fresh = range;
  if (fresh.front().seq <= position_) fresh.begin += position_ + 1 - fresh.front().seq;
  if (!filter_.everything()) {
    for (std::size_t i = fresh.begin; i < fresh.end; ++i) deliver(fresh.at(i));
    return;
  }
  position_ = fresh.back().seq;
  reader_.on_range(fresh, offset_.after(1, offset_.prev_seq));
  offset_ = offset_.after(fresh.size(), position_);
}

void StreamCursor::on_stream_lost(Seq resume_after, std::string_view why) {
  live_ = false;
  ended_ = true;
  reader_.on_stream_lost(of_another_log() ? 0 : std::max(resume_after, position_), why);
}

}  // namespace oee
