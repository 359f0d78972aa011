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
  // A power cut: what was written and not synced is gone, with everything queued; nothing of it is
  // answered. The log then is as after a restart (start() again).
  void lose_unsynced();
  // The next write fails as RocksDB's would: answers indeterminate, then everything is refused.
  // `kept`: the failed write turns out to be present after lose_unsynced().
  void fail_next_write(bool kept);

  const LogId& id() const { return id_; }

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
