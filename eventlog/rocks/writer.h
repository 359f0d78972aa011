// LogWriter: the log's thread. It takes the queued appends, decides them, writes them as one synced
// batch, moves the watermark, publishes the block and delivers block and answers. Nothing else
// writes to the store.
#pragma once

#include <rocksdb/write_batch.h>

#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "core/seams/clock.h"
#include "eventlog/rocks/block_tail.h"
#include "eventlog/rocks/log_options.h"
#include "eventlog/rocks/metrics.h"
#include "eventlog/rocks/queue.h"
#include "eventlog/rocks/recovery.h"

namespace oee {

// The records of one batch: frames and chains them, and adds them to a RocksDB batch.
class BatchRecords final : public RecordStore {
 public:
  BatchRecords(RocksStore& store, const Hash256& chain, std::size_t bytes_max)
      : store_(store), chain_(chain), batch_(2 * bytes_max) {}

  Hash256 put_record(RecordHeader& header, std::string_view payload) override;
  void put_key(std::string_view key, const KeyEntry& entry) override;

  void clear();
  rocksdb::WriteBatch& batch() { return batch_; }
  std::size_t record_bytes() const { return record_bytes_; }
  const Hash256& chain() const { return chain_; }

 private:
  RocksStore& store_;
  Hash256 chain_;
  rocksdb::WriteBatch batch_;
  std::string record_;  // reused
  std::size_t record_bytes_ = 0;
};

class LogWriter {
 public:
  // Everything referred to outlives the writer.
  struct Context {
    const RocksLogOptions& options;
    const Clock& clock;
    RecoveredLog& log;
    LogQueue& queue;
    BlockTail& tail;
    FailStop& fail_stop;
    LogMetrics& metrics;
    std::function<void()> on_watermark_moved;  // on the log's thread, after each watermark write
  };
  explicit LogWriter(Context context);

  void start(std::span<BlockSink* const> sinks);
  // Commits and answers everything left in the queue, then ends the thread. Idempotent. REQUIRES:
  // the queue is closed.
  void join();

 private:
  void run();
  void commit();
  // Decides every append of the batch; an error means that the store could not be read.
  Result<void> decide(Block& block);
  // Makes the decided batch durable and visible.
  Result<void> store(const BlockPtr& block);
  void deliver(const BlockPtr& block);
  // Replaces every answer of the batch by `error`.
  void answer_all(const Error& error);
  std::vector<Answer>& answers_of(const BlockSink* sink);
  // Fail-stop: answers everything queued, then calls on_fail_stop.
  void halt();

  Context context_;
  BatchRecords records_;
  Sequencer sequencer_;
  std::vector<BlockSink*> sinks_;
  std::vector<std::vector<Answer>> answers_;  // one list per sink
  std::vector<AppendPtr> appends_;            // the batch
  std::size_t last_sink_ = 0;
  std::thread thread_;
};

}  // namespace oee
