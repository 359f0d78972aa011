// MemoryLog: the EventLog in memory, for simulation and tests. Single-threaded. It keeps the same
// laws and gives the same answers as RocksLog; the owner decides when records become durable.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "core/risk/control.h"
#include "core/seams/clock.h"
#include "core/seams/event_log.h"

namespace oee {

class MemoryLog final : public EventLog {
 public:
  // `id` is not random, so that a simulation's run is repeatable. `risk` as in RocksLogOptions.
  explicit MemoryLog(const Clock& clock, const LogId& id = LogId{{'m', 'e', 'm', 'o', 'r', 'y'}},
                     RiskControl* risk = nullptr);
  ~MemoryLog() override;

  void start(std::span<BlockSink* const> sinks);
  // Assigns seqs to everything queued and checks versions and keys. The records are then written,
  // but not durable, and no append is answered. Returns the number of appends taken.
  std::size_t write();
  // Makes everything written durable; delivers the blocks and the answers.
  void sync();
  void commit() {
    write();
    sync();
  }
  std::size_t queued() const;    // appends that wait for write()
  std::size_t unsynced() const;  // batches that wait for sync()
  // Simulates the end of the process. The first `batches_kept` of the unsynced batches survive: 0
  // is the worst power cut, unsynced() is a kill of the process alone. The other batches and
  // everything queued are lost, and none of these appends is answered. The log is then as after a
  // restart: set the use of the limits when there are some, and call start() again.
  void lose_unsynced(std::size_t batches_kept = 0);
  // Makes the next write fail as a failed write of RocksDB: its appends are answered
  // `indeterminate`, and everything later is refused. `kept`: the records of the failed write are
  // present after lose_unsynced().
  void fail_next_write(bool kept);

  bool failed() const;  // a write has failed; only lose_unsynced() makes the log usable again

  const LogId& id() const { return id_; }
  Seq durable_head() const;
  Seq written_head() const;  // the last written record, durable or not
  // The bytes of a written record, in the format of eventlog/README.md.
  // REQUIRES: 1 <= seq <= written_head(). The view is valid until the record is lost.
  std::string_view stored(Seq seq) const;

  void append(AppendRequest request, BlockSink& origin, void* ticket) override;
  Result<BlockPtr> read(Seq from, std::size_t limit) override;
  Result<std::vector<Record>> read_order(const OrderId& id) override;
  Seq wait_past(Seq seq, std::chrono::milliseconds wait) override;  // never waits
  OpenOrderHint load_hint() override;
  void store_hint(OpenOrderHint hint) override;

 private:
  struct State;
  LogId id_;
  std::unique_ptr<State> state_;
};

}  // namespace oee
