// RocksLog: the EventLog on RocksDB (DIR/log). One writer thread, group commit, synced WAL, chain
// hash, watermark, background scrub. Owner: the composition root. After a crash every answered
// append is present, seqs are 1..H without a hole, and the chain is whole. The start checks this
// from the watermark to the head; a log that fails the check is not opened, and the error names the
// seq or the file.
#pragma once

#include <memory>
#include <span>

#include "core/seams/clock.h"
#include "core/seams/event_log.h"
#include "eventlog/log_head.h"
#include "eventlog/rocks/log_options.h"
#include "eventlog/rocks/metrics.h"

namespace oee {

class RocksLog final : public EventLog {
 public:
  // Opens and recovers the log and checks it from the watermark to the head; creates it when the
  // directory is empty. in_use: another process has the log open; corrupt, unsupported, io: the
  // detail names the seq or the file and the remedy. `clock` gives the records their time; only its
  // now() is called, on the log's thread.
  static Result<std::unique_ptr<RocksLog>> open(RocksLogOptions options, const Clock& clock);
  ~RocksLog() override;  // stop()

  const LogId& id() const;
  const LogIdentity& identity() const;  // the id and the epoch
  const LogMetrics& metrics() const;    // any thread
  LogHead head() const;                 // any thread; does not block
  // Any thread except a shard's: it reads directories.
  StoreMetrics store_metrics() const;

  // Starts the threads. From then on every block is delivered to every sink. The origin of each
  // append() is one of `sinks`. Appends before start() wait in the queue. Sinks outlive stop().
  void start(std::span<BlockSink* const> sinks);
  // Commits and answers all queued appends, then ends the threads. Later appends are answered
  // `closed`. Idempotent.
  void stop();

  // A refusal that depends on no block (invalid, full, closed) is delivered on the calling thread,
  // inside this call: it does not wait for the disk, and after stop() the log has no thread.
  void append(AppendRequest request, BlockSink& origin, void* ticket) override;
  Result<BlockPtr> read(Seq from, std::size_t limit) override;
  Result<std::vector<Record>> read_order(const OrderId& id) override;
  Seq wait_past(Seq seq, std::chrono::milliseconds wait) override;
  OpenOrderHint load_hint() override;
  void store_hint(OpenOrderHint hint) override;

 private:
  class Impl;
  explicit RocksLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
