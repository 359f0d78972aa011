// MemoryLog: the EventLog in memory, single-threaded, for simulation and tests. Same laws, same
// answers as RocksLog; durability is explicit.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "core/seams/clock.h"
#include "core/seams/event_log.h"

namespace oee {

class MemoryLog final : public EventLog {
 public:
  // `id` is given, not random, so that a simulation's run repeats.
  explicit MemoryLog(const Clock& clock, const LogId& id = LogId{{'m', 'e', 'm', 'o', 'r', 'y'}});
  ~MemoryLog() override;

  void start(std::span<BlockSink* const> sinks);
  // Assigns seqs to everything queued, checks versions and keys: written, not yet durable. Answers
  // nothing. Returns how many appends it took.
  std::size_t write();
  // Makes what was written durable, delivers its blocks and answers.
  void sync();
  void commit() {
    write();
    sync();
  }
  // Appends that wait for write(), and batches that wait for sync().
  std::size_t queued() const;
  std::size_t unsynced() const;
  // The end of the process. Of the batches written and not synced the first `batches_kept` are
  // there afterwards: 0 is the worst of power cuts, unsynced() a kill of the process alone. The
  // others are gone, with everything queued; nothing of it all is answered. The log then is as
  // after a restart (start() again).
  void lose_unsynced(std::size_t batches_kept = 0);
  // The next write fails as RocksDB's would: answers indeterminate, then everything is refused.
  // `kept`: the failed write turns out to be present after lose_unsynced().
  void fail_next_write(bool kept);

  bool failed() const;  // a write has failed: only lose_unsynced() helps

  const LogId& id() const { return id_; }
  Seq durable_head() const;
  Seq written_end() const;
  // A written record's bytes as eventlog/README.md has them; durable up to durable_head().
  // REQUIRES: 1 <= seq, written. The view lives until the record is lost.
  std::string_view stored(Seq seq) const;

  void append(AppendRequest request, BlockSink& origin, void* ticket) override;
  Result<BlockPtr> read(Seq from, std::size_t limit) override;
  Result<std::vector<Record>> read_order(const OrderId& id) override;
  Seq wait_past(Seq seq, std::chrono::milliseconds wait) override;  // never waits
  Result<OpenOrderHint> load_hint() override;
  Result<void> store_hint(const OpenOrderHint& hint) override;

 private:
  struct State;
  LogId id_;
  std::unique_ptr<State> state_;
};

}  // namespace oee
