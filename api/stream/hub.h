// StreamHub: one shard's live stream. It takes updates from the Bus, makes them contiguous (what
// the bus lost is read from the history), keeps the newest in a ring, and feeds the shard's
// subscribers: in order, no gap, no duplicate. While the bus is silent (Redis is down) it reads the
// history by itself. While nobody subscribes it rests: it follows the head and keeps nothing, so
// that nobody has to make updates for it. Loop's thread, except the UpdateSink calls. It outlives
// the loop's last run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "api/stream/send_buffer.h"
#include "core/base/metrics.h"
#include "core/base/task.h"
#include "core/runtime/worker.h"
#include "core/seams/bus.h"
#include "core/seams/clock.h"
#include "core/seams/read_model.h"

namespace oee {

struct StreamOptions {
  std::size_t ring_updates_max = 65'536;  // ~300 B each, shared by all shards
  // waiting for one socket; then it is closed with 1013
  std::uint32_t subscriber_updates_max = 8'192;
  Micros gap_wait_max{5'000'000};     // a gap that cannot be filled: subscribers are closed
  Micros bus_silence_max{1'000'000};  // no update and no head for this long: read the history
  Micros idle_after{60'000'000};      // the last subscriber left: who comes back finds the ring
};

// What one shard's stream measures. Written by the loop's thread, read by any.
struct StreamMeters {
  std::atomic<Seq> position{0};
  Count subscribers;
  Count lost;  // subscriptions ended because the stream could not go on
};

// One update, shared: it keeps its whole batch (~1,000 updates) alive. Who holds on to single
// updates of a long stretch copies `json` instead.
using UpdatePtr = std::shared_ptr<const Update>;

// Consecutive updates of one batch: [begin, end). Not empty when it is handed on. `chunk` has their
// JSON, shared by all who are to send it.
struct UpdateRange {
  UpdateBatch batch;
  TapeChunkPtr chunk;
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const { return end - begin; }
  const Update& front() const { return (*batch)[begin]; }
  const Update& back() const { return (*batch)[end - 1]; }
  UpdatePtr at(std::size_t index) const { return {batch, &(*batch)[index]}; }
};

class StreamSubscriber {
 public:
  virtual ~StreamSubscriber() = default;
  // Contiguous, rising. Must not block, subscribe or unsubscribe inside.
  virtual void on_update(const UpdatePtr& update) = 0;    // of the order subscribed to
  virtual void on_range(const UpdateRange& stretch) = 0;  // who subscribed to all
  // The stream cannot go on (an unfillable gap, another log, shutting down): close and name
  // `resume_after`. The subscription is over; no unsubscribe is needed, and none is allowed inside.
  virtual void on_stream_lost(Seq resume_after, std::string_view why) = 0;
};

class StreamHub final : public UpdateSink {
 public:
  // `history` is used on `read`, with results resumed on `loop`.
  StreamHub(Loop& loop, Clock& clock, Worker& read, OrderHistory& history, StreamOptions options);
  ~StreamHub() override;

  // From here on: updates after `position` are live; the bus may deliver older ones, which are
  // dropped.
  void start(Seq position);
  // What subscribers are left are told on_stream_lost(). Idempotent.
  Task<void> stop();

  // Resumes once start() was called; false: the hub is stopping. A hub that has not started knows
  // no position: whoever joins the stream waits for this first.
  Task<bool> started();

  // The last seq that has been handed to subscribers. REQUIRES (as all below): started.
  Seq position() const;
  const StreamOptions& options() const;

  // Live updates after position() for one order or for all. Returns position(): what is at or below
  // it must be read from the history.
  Seq subscribe(StreamSubscriber& subscriber, std::optional<OrderId> order);
  // Not being subscribed is not an error.
  void unsubscribe(StreamSubscriber& subscriber, std::optional<OrderId> order);
  std::size_t subscriptions() const;
  const StreamMeters& meters() const;  // any thread

  // Past updates with after < seq <= until, from the ring when it reaches back far enough, else
  // from the history: at most about `limit`, rising. `scanned` says how far the answer is complete
  // (> after). A history that has not got as far as `until` is waited for. unavailable: it did not
  // get there within gap_wait_max; closed: the hub is stopping. REQUIRES: after < until <=
  // position().
  struct HistoryPage {
    std::vector<UpdatePtr> updates;
    Seq scanned = 0;
  };
  Task<Result<HistoryPage>> past(std::optional<OrderId> order, Seq after, Seq until,
                                 std::uint32_t limit);

  void on_updates(UpdateBatch batch) override;           // any thread
  void on_head(const LogId& log_id, Seq head) override;  // any thread
  bool wants_updates() const override;                   // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
