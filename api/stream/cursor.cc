#include "api/stream/cursor.h"

#include <algorithm>

namespace oee {
namespace {

constexpr std::uint32_t page_updates_max = 512;

}  // namespace

void StreamReader::on_range(const UpdateRange& stretch, const SubscriptionOffset& first) {
  SubscriptionOffset place = first;
  for (std::size_t i = stretch.begin; i < stretch.end; ++i) {
    const UpdatePtr update = stretch.at(i);
    on_update(update, place);
    place = place.after(1, update->seq);
  }
}

StreamCursor::StreamCursor(StreamHub& hub, StreamReader& reader, std::optional<OrderId> order,
                           std::optional<Seq> after, StreamFilter filter)
    : hub_(hub),
      reader_(reader),
      order_(order),
      after_(after),
      filter_(std::move(filter)),
      position_(after.value_or(0)) {}

Task<bool> StreamCursor::begin() {
  const bool started = co_await hub_.started();
  if (!started || ended_) co_return false;
  if (!after_) position_ = hub_.position();
  place_.prev_seq = position_;
  co_return true;
}

// Live in the same step as the last look at the past, so that nothing comes between.
Task<bool> StreamCursor::catch_up() {
  const std::uint32_t page =
      std::clamp<std::uint32_t>(hub_.options().subscriber_updates_max / 4, 1, page_updates_max);
  while (!ended_ && position_ < hub_.position()) {
    const Result<StreamHub::HistoryPage> past =
        co_await hub_.past(order_, position_, hub_.position(), page);
    if (ended_) co_return false;
    if (!past.ok()) {
      on_stream_lost(position_, "updates are not available now");
      co_return false;
    }
    const bool room = co_await reader_.room();
    if (ended_ || !room) co_return false;
    for (const UpdatePtr& update : past->updates) give(update);
    position_ = std::max(position_, past->scanned);
  }
  if (ended_) co_return false;
  hub_.subscribe(*this, order_);
  live_ = true;
  co_return true;
}

void StreamCursor::end() {
  if (std::exchange(live_, false)) hub_.unsubscribe(*this, order_);
  ended_ = true;
}

void StreamCursor::give(const UpdatePtr& update) {
  position_ = update->seq;
  if (!filter_.matches(*update)) return;
  ++place_.n;
  reader_.on_update(update, place_);
  place_.prev_seq = update->seq;
}

// The hub may be behind: another shard's, or this one's before a reconnection.
void StreamCursor::on_update(const UpdatePtr& update) {
  if (update->seq > position_) give(update);
}

void StreamCursor::on_range(const UpdateRange& stretch) {
  if (stretch.back().seq <= position_) return;
  UpdateRange fresh = stretch;
  if (fresh.front().seq <= position_) fresh.begin += position_ + 1 - fresh.front().seq;
  if (!filter_.everything()) {
    for (std::size_t i = fresh.begin; i < fresh.end; ++i) give(fresh.at(i));
    return;
  }
  position_ = fresh.back().seq;
  reader_.on_range(fresh, place_.after(1, place_.prev_seq));
  place_ = place_.after(fresh.size(), position_);
}

void StreamCursor::on_stream_lost(Seq resume_after, std::string_view why) {
  live_ = false;
  ended_ = true;
  reader_.on_stream_lost(std::max(resume_after, position_), why);
}

}  // namespace oee
