// StreamBuffers: the memory that the streams of one shard (WebSockets and event streams) hold for
// clients that have not taken it yet. It ends two kinds of readers:
//  * one that takes no byte for `stall_max` while a write waits is disconnected;
//  * while all shards together hold more than the StreamBudget, the slowest are closed with the
//    position to resume after, until an eighth of the budget is free: the longest without progress
//    first, of equals the largest. A stream that is closing already is disconnected.
// A slow stream of another shard is closed by a job of that shard, and each shard looks at the
// budget once for each 64 KiB that it takes: the budget may be exceeded by that much for that long.
//
// Counted are the bytes that a stream alone holds. Updates that all subscribers share count by
// their entries in the queue. Owned by a Shard; loop's thread, except the metrics.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "api/http/socket.h"
#include "core/base/metrics.h"
#include "core/seams/clock.h"

namespace oee {

class BufferedStream;
class StreamBuffers;

// The limit of all shards together. It outlives their StreamBuffers, which are made and destroyed
// on the main thread while no loop runs.
class StreamBudget {
 public:
  explicit StreamBudget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  std::uint64_t bytes_max() const { return bytes_max_; }
  std::uint64_t bytes() const;  // held now; any thread

 private:
  friend class StreamBuffers;
  const std::uint64_t bytes_max_;
  std::vector<StreamBuffers*> shards_;
};

// The loop's thread writes; any thread reads.
struct StreamBufferMetrics {
  Count bytes;        // held now
  Count stalled;      // streams disconnected because their clients took nothing
  Count over_budget;  // streams closed to keep the budget
};

class StreamBuffers {
 public:
  // `budget`: null: no limit.
  StreamBuffers(Loop& loop, Clock& clock, StreamBudget* budget,
                Micros stall_max = default_stall_max);
  ~StreamBuffers();
  StreamBuffers(const StreamBuffers&) = delete;

  // As long as TCP_USER_TIMEOUT of accepted sockets (HttpLimits).
  static constexpr Micros default_stall_max{30'000'000};

  const StreamBufferMetrics& metrics() const { return metrics_; }

 private:
  friend class BufferedStream;
  friend class StreamBudget;

  void add(BufferedStream& stream);
  void remove(BufferedStream& stream);
  void took(std::size_t before, std::size_t after);
  void check_budget();
  void shed();
  void sweep();
  SteadyTime slowest_since() const;

  Loop& loop_;
  Clock& clock_;
  StreamBudget* const budget_;
  const Micros stall_max_;
  const std::uint64_t check_step_;
  std::uint64_t check_at_;  // the bytes of this shard at which the budget is looked at
  SteadyTime now_{};        // of the last sweep
  Clock::TimerId timer_ = 0;
  std::vector<BufferedStream*> streams_;
  // The progress of the slowest stream at the last sweep, for the other shards.
  std::atomic<SteadyTime> slowest_since_{SteadyTime::max()};
  std::atomic<bool> shed_posted_{false};
  StreamBufferMetrics metrics_;
};

// One stream, as StreamBuffers knows it. Made and destroyed on the loop's thread.
class BufferedStream {
 public:
  explicit BufferedStream(StreamBuffers& buffers) : buffers_(buffers) { buffers_.add(*this); }
  BufferedStream(const BufferedStream&) = delete;
  virtual ~BufferedStream() { buffers_.remove(*this); }

  // Sets the bytes that the stream holds: its queue and the write in flight. May call close_slow()
  // of this or of another stream.
  void hold(std::size_t bytes);
  void write_begins();
  void write_ends() { writing_ = false; }

 private:
  friend class StreamBuffers;
  // The socket of the write in flight.
  virtual Socket& socket() = 0;
  // Drops the queue and closes with the position to resume after. false: it is closing already.
  virtual bool close_slow() = 0;
  // Closes the connection; a write in flight ends. Nothing is destroyed during the call.
  virtual void cut() = 0;

  SteadyTime progress_at() const { return writing_ ? progress_at_ : buffers_.now_; }
  void disconnect();

  StreamBuffers& buffers_;
  std::size_t index_ = 0;  // in buffers_.streams_
  std::size_t held_ = 0;
  SteadyTime progress_at_{};  // of the write in flight
  bool writing_ = false;
  bool cut_ = false;  // it holds nothing any more
};

}  // namespace oee
