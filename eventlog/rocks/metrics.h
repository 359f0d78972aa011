// The metrics of the log, for /metrics, /health and /readyz. They are not stored: after a restart
// all begin at zero, except the heads.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/metrics.h"
#include "core/order/event.h"

namespace oee {

inline constexpr std::size_t error_classes = static_cast<std::size_t>(error_class_last) + 1;

// The records made durable since the start. log-dump counts the same in these records. The log's
// thread writes; any thread reads.
class RecordMetrics {
 public:
  // `bytes`: the stored size of all `records`.
  void add(const std::vector<Record>& records, std::size_t bytes) {
    for (const Record& record : records) {
      events_[record.event.index()].add();
      if (const auto* retried = std::get_if<AttemptFailed>(&record.event)) {
        retries_[index_of(retried->error)].add();
      } else if (const auto* failed = std::get_if<OrderFailed>(&record.event)) {
        dead_letters_[index_of(failed->error)].add();
      }
    }
    bytes_.add(bytes);
  }

  std::uint64_t events(EventType type) const {
    return events_[static_cast<std::size_t>(type)].get();
  }
  // Attempts that failed and are tried again.
  std::uint64_t retries(ErrorClass error) const { return retries_[index_of(error)].get(); }
  // Orders that failed, by the error of their last attempt.
  std::uint64_t dead_letters(ErrorClass error) const {
    return dead_letters_[index_of(error)].get();
  }
  std::uint64_t bytes() const { return bytes_.get(); }

 private:
  static std::size_t index_of(ErrorClass error) { return static_cast<std::size_t>(error); }
  std::array<Count, event_type_count> events_;
  std::array<Count, error_classes> retries_;
  std::array<Count, error_classes> dead_letters_;
  Count bytes_;
};

// Any thread reads.
struct LogMetrics {
  // Written by the log's thread.
  std::atomic<Seq> assigned_head{0};          // last seq assigned
  std::atomic<Seq> durable_head{0};           // last durable seq
  std::atomic<std::uint64_t> commits{0};      // synced group commits
  std::atomic<std::uint64_t> appends{0};      // appends answered
  std::atomic<std::uint64_t> sync_us_max{0};  // the slowest write with its fsync
  RecordMetrics records;
  SizeHistogram commit_records;  // records of one batch
  SizeHistogram commit_appends;  // appends answered by one batch
  DurationHistogram sync;        // the write with its fsync
  // When the group commit under way began; none: none is under way.
  static constexpr std::chrono::steady_clock::time_point none{};
  std::atomic<std::chrono::steady_clock::time_point> commit_begun{none};

  // Written by other threads, on cache lines of their own.
  alignas(64) std::atomic<std::size_t> queue_depth{0};  // appends that wait for the log's thread
  std::atomic<bool> disk_low{false};                    // new orders are refused for lack of space
  std::atomic<bool> failed{false};                      // fail-stop
  std::atomic<Seq> scrubbed{0};                         // last seq that the scrub has checked
  std::atomic<std::uint64_t> disk_free_bytes{0};        // as of the last second
  std::atomic<std::uint64_t> refused_disk_low{0};       // new orders
  std::atomic<std::uint64_t> refused_queue_full{0};     // new orders

  // The age of the oldest append that the log's thread has taken and not answered; 0: none.
  std::chrono::seconds commit_age() const {
    const auto begun = commit_begun.load(std::memory_order_relaxed);
    if (begun == none) return {};
    return std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now() - begun);
  }
};

// One column family of RocksDB.
struct StoreFamilyMetrics {
  std::string name;
  std::uint64_t memtable_bytes = 0;
  std::uint64_t sst_bytes = 0;
  std::uint64_t compaction_pending_bytes = 0;  // RocksDB's estimate
};

// RocksDB's own metrics, read when RocksLog::store_metrics() is called.
struct StoreMetrics {
  std::vector<StoreFamilyMetrics> families;
  std::uint64_t wal_bytes = 0;
  std::uint64_t running_compactions = 0;
  std::uint64_t running_flushes = 0;
  // Since the log was opened.
  std::uint64_t block_cache_hits = 0;
  std::uint64_t block_cache_misses = 0;
  std::uint64_t write_stall_us = 0;
};

}  // namespace oee
