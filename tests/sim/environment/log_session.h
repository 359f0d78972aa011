// LogSession: the environment's log as one SimEngine uses it. cut() ends the session when the
// engine ends: waiting appends are answered `closed`, and nothing reaches the environment's log
// after that. One thread.
#pragma once

#include <deque>
#include <set>

#include "eventlog/memory_log.h"
#include "tests/sim/plan/mutants.h"

namespace oee::sim {

class LogSession final : public EventLog {
 public:
  LogSession(MemoryLog& log, const Mutants& mutants) : log_(log), mutants_(mutants) {}

  // `shards`: the real sinks. The log delivers to them until cut().
  void start(std::span<BlockSink* const> shards);
  void cut();

  void append(AppendRequest request, BlockSink& origin, void* ticket) override;
  Result<BlockPtr> read(Seq from, std::size_t limit) override;
  Result<std::vector<Record>> read_order(const OrderId& id) override;
  Seq wait_past(Seq seq, std::chrono::milliseconds wait) override;
  OpenOrderHint load_hint() override { return log_.load_hint(); }
  void store_hint(OpenOrderHint hint) override;

 private:
  class Relay final : public BlockSink {
   public:
    Relay(LogSession& session, BlockSink& shard) : session_(session), shard_(shard) {}
    void deliver(BlockPtr block, std::vector<Answer> answers) override;
    BlockSink& shard() { return shard_; }
    std::set<void*> waiting;  // tickets of unanswered appends

   private:
    LogSession& session_;
    BlockSink& shard_;
  };
  Relay& relay_of(BlockSink& shard);

  MemoryLog& log_;
  const Mutants& mutants_;
  std::deque<Relay> relays_;
  bool cut_ = false;
};

}  // namespace oee::sim
