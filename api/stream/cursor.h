// StreamCursor: one subscription's way through the stream, from where it resumes to the present:
// pages of the past at the reader's pace, then live. Each update once, in order, without a gap,
// whatever shard's stream it is of. Sockets know nothing of this, and this nothing of sockets.
// Loop's thread.
//
// How a reader proves that nothing is missing: each update has a place, its number in this
// subscription (1, 2, ...) and the seq of the update before it, or for the first one the seq from
// which the subscription began. So the numbers run without a step, and each prev_seq is the seq
// that the reader got last: also when a filter, or one order's story, leaves holes between the
// seqs.
#pragma once

#include <optional>
#include <string_view>

#include "api/stream/filter.h"
#include "api/stream/hub.h"

namespace oee {

// Where an update stands in one subscription.
struct SubscriptionOffset {
  std::uint64_t n = 0;  // from 1
  Seq prev_seq = 0;

  // The place of what follows `count` updates of which the last has `last_seq`.
  SubscriptionOffset after(std::size_t count, Seq last_seq) const { return {n + count, last_seq}; }
};

// Who reads the stream. Calls come on the loop's thread; none may end or destroy its cursor inside.
class StreamReader {
 public:
  virtual ~StreamReader() = default;
  virtual void on_update(const UpdatePtr& update, const SubscriptionOffset& place) = 0;
  // Several at once; `first` is the place of the first, those of the others follow from it.
  virtual void on_range(const UpdateRange& stretch, const SubscriptionOffset& first);
  // The stream cannot go on; the reader may come back with `resume_after`. The cursor has ended.
  virtual void on_stream_lost(Seq resume_after, std::string_view why) = 0;
  // Waits until the reader can take a page. false: it is going away.
  virtual Task<bool> room() = 0;
};

class StreamCursor final : private StreamSubscriber {
 public:
  // `order`: its updates alone; `after`: the last seq that the reader has; none: from now on.
  // `filter`: what of that is given.
  StreamCursor(StreamHub& hub, StreamReader& reader, std::optional<OrderId> order,
               std::optional<Seq> after, StreamFilter filter = {});
  StreamCursor(const StreamCursor&) = delete;
  ~StreamCursor() override { end(); }

  // Waits until the stream has a position. false: it ended meanwhile. First of all.
  Task<bool> begin();
  // What is at or before `seq` is known to the reader from elsewhere. REQUIRES: begun, not live.
  void skip_to(Seq seq) { position_ = place_.prev_seq = seq; }
  // Gives the past, page by page, then goes live: true. false: ended, or lost (the reader was
  // told). The cursor lives until this returns.
  Task<bool> catch_up();
  // Nothing more is given. Idempotent.
  void end();

  // The last seq given or looked at: to resume behind it misses nothing.
  Seq position() const { return position_; }
  bool live() const { return live_; }
  bool ended() const { return ended_; }

 private:
  void give(const UpdatePtr& update);
  void on_update(const UpdatePtr& update) override;
  void on_range(const UpdateRange& stretch) override;
  void on_stream_lost(Seq resume_after, std::string_view why) override;

  StreamHub& hub_;
  StreamReader& reader_;
  const std::optional<OrderId> order_;
  const std::optional<Seq> after_;
  const StreamFilter filter_;
  Seq position_;              // moves forward only, so nothing is given twice
  SubscriptionOffset place_;  // of the last one given
  bool live_ = false;
  bool ended_ = false;
};

}  // namespace oee
