// StreamCursor: reads the stream for one subscription, from the seq where it resumes to the
// present: pages of history at the reader's pace, then live updates. Each update comes once, in
// order, without a gap, also after a reconnection to another shard. A cursor does not know about
// sockets. Owned by its session; loop's thread.
//
// The offset proves to a reader that nothing is missing. Each update carries its number in this
// subscription (n = 1, 2, ...) and the seq of the update before it (prev_seq; for the first update,
// the seq after which the subscription began). The numbers rise by one, and each prev_seq equals
// the seq of the last update received. This holds also when a filter, or a subscription to one
// order, leaves holes between the seqs.
#pragma once

#include <optional>
#include <string_view>

#include "api/stream/filter.h"
#include "api/stream/hub.h"

namespace oee {

// The position of an update in one subscription.
struct SubscriptionOffset {
  std::uint64_t n = 0;  // from 1
  Seq prev_seq = 0;     // seq of the update before it

  // The offset after `count` updates, the last of which has `last_seq`.
  SubscriptionOffset after(std::size_t count, Seq last_seq) const { return {n + count, last_seq}; }
};

// Receives a cursor's updates. Calls come on the loop's thread. None may end or destroy the cursor
// during the call.
class StreamReader {
 public:
  virtual ~StreamReader() = default;
  virtual void on_update(const UpdatePtr& update, const SubscriptionOffset& offset) = 0;
  // Several updates at once; `first` is the offset of the first of them. By default calls
  // on_update() for each.
  virtual void on_range(const UpdateRange& range, const SubscriptionOffset& first);
  // The stream cannot continue; the reader may subscribe again after `resume_after`, 0 when its
  // positions are of another log. The cursor has ended. `why`: a literal.
  virtual void on_stream_lost(Seq resume_after, std::string_view why) = 0;
  // Resumes when the reader can take a page. false: the reader is closing.
  virtual Task<bool> room() = 0;
};

class StreamCursor final : private StreamSubscriber {
 public:
  // `order`: only its updates; none: all orders. `after`: the last seq that the reader has; none:
  // begin with the next update. `filter`: only the updates that match. `client`: takes turns with
  // others, see HistoryUse.
  StreamCursor(StreamHub& hub, StreamReader& reader, std::optional<OrderId> order,
               std::optional<Seq> after, StreamFilter filter = {}, std::uint64_t client = 0);
  StreamCursor(const StreamCursor&) = delete;
  ~StreamCursor() override { end(); }

  // Waits until the stream has a position. false: the cursor or the hub ended meanwhile. Called
  // before everything else.
  Task<bool> begin();
  // The reader already has all updates up to `seq`. REQUIRES: begun, not live.
  void skip_to(Seq seq) { position_ = offset_.prev_seq = seq; }
  // Delivers the history page by page, then subscribes to the hub: true. false: the cursor ended,
  // or the stream is lost (on_stream_lost() was called). The cursor must exist until this returns.
  Task<bool> catch_up();
  // Nothing is delivered afterwards. Idempotent.
  void end();

  // The last seq delivered or skipped. A subscription that resumes after it misses nothing.
  Seq position() const { return position_; }
  // The stream has changed to another log or epoch since the cursor was made, or its head went
  // back: positions of before are of other records.
  bool of_another_log() const { return hub_.log_changes() != log_changes_; }
  bool live() const { return live_; }
  bool ended() const { return ended_; }
  // Whether the updates that come now belong to batches that all subscribers of the channel share.
  // Others are the reader's alone: a copy of their JSON takes less memory than a reference, which
  // keeps the whole batch.
  bool shares_updates() const { return live_ && !order_ && filter_.everything(); }

 private:
  void deliver(const UpdatePtr& update);
  void on_update(const UpdatePtr& update) override;
  void on_range(const UpdateRange& range) override;
  void on_stream_lost(Seq resume_after, std::string_view why) override;

  StreamHub& hub_;
  StreamReader& reader_;
  const std::optional<OrderId> order_;
  const std::optional<Seq> after_;
  const StreamFilter filter_;
  const HistoryUse use_;
  const std::uint64_t log_changes_;  // of the hub, when the cursor was made
  Seq position_;                     // only rises, so nothing is delivered twice
  SubscriptionOffset offset_;        // of the last update delivered
  bool live_ = false;
  bool ended_ = false;
};

}  // namespace oee
