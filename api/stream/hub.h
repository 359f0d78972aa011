// StreamHub: one shard's live stream. It takes updates from the Bus, makes them contiguous (updates
// that the bus lost are read from the history), keeps the newest in a ring, and hands them to the
// shard's subscribers in order, without a gap or a duplicate. While the bus is silent (Redis is
// down) the hub reads the history itself. Without subscribers for idle_after it is idle: it follows
// the head and keeps no updates, so that the publisher need not make any. A gateway's hub never is,
// and believes no head that heads or history contradict (StreamOptions::trusts_bus). Loop's thread,
// except the UpdateSink calls. It outlives the loop's last run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "api/stream/history_reader.h"
#include "api/stream/metrics.h"
#include "api/stream/options.h"
#include "api/stream/send_buffer.h"
#include "core/base/task.h"
#include "core/runtime/worker.h"
#include "core/seams/bus.h"
#include "core/seams/clock.h"
#include "core/seams/read_model.h"

namespace oee {

// One update, shared. It keeps its whole batch (~1,000 updates) in memory: code that keeps single
// updates out of many batches copies `json` instead.
using UpdatePtr = std::shared_ptr<const Update>;

// Consecutive updates of one batch: the indexes [begin, end). Subscribers never get an empty range.
// `chunk` contains their JSON, shared by all sockets that send it.
struct UpdateRange {
  UpdateBatch batch;
  SendChunkPtr chunk;
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
  // Rising seqs, none left out. Must not block, subscribe or unsubscribe during the call.
  virtual void on_update(const UpdatePtr& update) = 0;  // subscription to one order
  virtual void on_range(const UpdateRange& range) = 0;  // subscription to all orders
  // The stream cannot continue (a gap that cannot be filled, shutdown, a change of the log: another
  // log or epoch, or a head that went back). The client may resume after `resume_after`; 0 after a
  // change of the log, whose records at the client's seqs may be others. The subscription has
  // ended; unsubscribe is not needed, and not allowed during the call. `why`: a literal.
  virtual void on_stream_lost(Seq resume_after, std::string_view why) = 0;
};

class StreamHub final : public UpdateSink {
 public:
  // `history` is used on `read`'s threads only; results resume on `loop`.
  StreamHub(Loop& loop, Clock& clock, Worker& read, OrderHistory& history, StreamOptions options);
  ~StreamHub() override;

  // Updates after `position` are live from here on. The bus may deliver older ones; they are
  // dropped. `log`: the log of the position; zero: the first head's. REQUIRES: called once.
  void start(Seq position, const LogIdentity& log = {});
  // Calls on_stream_lost() of the subscribers that are left. Idempotent.
  Task<void> stop();

  // Resumes after start(); false: the hub is stopping. A hub that has not started has no position,
  // so a subscriber waits for this first.
  Task<bool> started();

  // The last seq handed to every subscriber. REQUIRES (here and below): started.
  Seq position() const;
  // The highest seq that the bus or the history has named; >= position().
  Seq known_head() const;
  std::uint64_t heads() const;  // the number of heads that the bus has carried
  // The epoch of the stream's log; no value before the first head of a hub that started without.
  std::optional<LogEpoch> epoch() const;
  // How often the stream changed to another log or epoch, or its head went back. Positions of
  // before are then of other records. 0 before start().
  std::uint64_t log_changes() const;
  const StreamOptions& options() const;

  // Live updates after position(), of one order or of all. Returns position(): updates up to it are
  // read with history().
  Seq subscribe(StreamSubscriber& subscriber, std::optional<OrderId> order);
  // A subscriber that is not subscribed is not an error.
  void unsubscribe(StreamSubscriber& subscriber, std::optional<OrderId> order);
  std::size_t subscriptions() const;
  const StreamMetrics& metrics() const;  // any thread

  // Past updates with after < seq <= until, rising, at most `limit`; from the ring when it reaches
  // back far enough, else from the history. Waits for a history that has not reached `until`.
  // Errors: unavailable: the history did not reach it within gap_wait_max, or cannot be read;
  // closed: the hub is stopping. REQUIRES: after < until <= position().
  struct HistoryPage {
    std::vector<UpdatePtr> updates;
    Seq scanned = 0;  // no update is missing up to here; > after
  };
  Task<Result<HistoryPage>> history(std::optional<OrderId> order, Seq after, Seq until,
                                    std::uint32_t limit, HistoryUse use = {});

  void on_updates(UpdateBatch batch) override;                 // any thread
  void on_head(const LogIdentity& log_id, Seq head) override;  // any thread
  bool wants_updates() const override;                         // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
