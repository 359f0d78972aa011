// RocksLog: the EventLog on RocksDB (DIR/log). One writer thread, group commit, synced WAL, chain
// hash, watermark, background scrub. Owner: the composition root. After a crash: every answered
// append is there, seqs are 1..H without a hole, the chain holds; start-up checks that or refuses
// with the place.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "core/runtime/loop.h"
#include "core/seams/clock.h"
#include "core/seams/event_log.h"
#include "eventlog/log_head.h"
#include "eventlog/rocks/record_metrics.h"
#include "eventlog/rocks/store_metrics.h"

namespace rocksdb {
class FileSystem;
}

namespace oee {

struct RocksLogOptions {
  std::filesystem::path dir;                 // DATA/log; created when missing
  std::size_t queue_requests_max = 65'536;   // new orders are refused at half of it
  std::size_t batch_requests_max = 1'024;    // appends per group commit
  std::size_t batch_bytes_max = 512 * 1024;  // record bytes per group commit
  std::size_t tail_records_max = 200'000;  // recent blocks kept in memory for readers (~400 B each)
  std::size_t tail_bytes_max = 256ULL << 20;    // the same, as record bytes
  std::uint64_t free_bytes_min = 512ULL << 20;  // below: new orders are refused until space is back
  std::size_t memtable_bytes = 64ULL << 20;     // tests use tiny ones
  std::chrono::hours scrub_period{24};  // the background scrub covers the log once in this time
  // Where all files of the log are, the watermark and the free space included; null: the system's.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  // Called once, on the log's thread, when the log can go on no longer: everything queued was
  // answered. The process then stops. It must not call stop(), which waits for that thread.
  std::function<void(const Error& why)> on_fail_stop;
};

// Figures for /readyz, /metrics and logs. Any thread.
struct RocksLogStats {
  std::atomic<Seq> head{0};                // last seq assigned
  std::atomic<Seq> durable_head{0};        // last durable seq
  std::atomic<std::uint64_t> commits{0};   // synced group commits
  std::atomic<std::uint64_t> requests{0};  // appends answered
  std::atomic<std::uint64_t> sync_us_sum{0};
  std::atomic<std::uint64_t> sync_us_max{0};
  std::atomic<std::size_t> queue_depth{0};
  std::atomic<bool> disk_low{false};                 // new orders are refused for lack of space
  std::atomic<bool> failed{false};                   // fail-stop
  std::atomic<Seq> scrubbed{0};                      // last seq that the scrub found good
  std::atomic<std::uint64_t> disk_free_bytes{0};     // as of the last second
  std::atomic<std::uint64_t> refused_disk_low{0};    // new orders
  std::atomic<std::uint64_t> refused_queue_full{0};  // new orders
  LogMeters meters;
};

class RocksLog final : public EventLog {
 public:
  // Opens, recovers and checks the log from the watermark to the head; creates it when the
  // directory is empty. in_use: another process has it; corrupt, unsupported, io: the detail names
  // seq or file and what to do. `clock` stamps records (its now() only).
  static Result<std::unique_ptr<RocksLog>> open(RocksLogOptions options, const Clock& clock);
  ~RocksLog() override;  // stop()

  const LogId& id() const;
  const RocksLogStats& stats() const;
  // Any thread, at once.
  LogHead head() const;
  // Any thread; reads directories, so not a shard's.
  RocksFigures rocks_figures() const;

  // Starts the writer. Blocks go to every sink from here on; all append() origins are among
  // `sinks`. append() before start() waits in the queue. Sinks outlive stop().
  void start(std::span<BlockSink* const> sinks);
  // Commits what is queued, answers it, ends the threads. Later appends are answered `closed`.
  // Idempotent.
  void stop();

  // A refusal that depends on no block (invalid, full, closed) is delivered on the calling thread,
  // inside this call: it waits for no disk, and after stop() there is no log's thread.
  void append(AppendRequest request, BlockSink& origin, void* ticket) override;
  Result<BlockPtr> read(Seq from, std::size_t limit) override;
  Result<std::vector<Record>> read_order(const OrderId& id) override;
  Seq wait_past(Seq seq, std::chrono::milliseconds wait) override;
  Result<OpenOrderHint> load_hint() override;
  Result<void> store_hint(const OpenOrderHint& hint) override;

 private:
  class Impl;
  explicit RocksLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
