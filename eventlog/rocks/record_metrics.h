// What the log's thread counts of the records that it made durable, for /metrics: equal to what
// log-dump finds in the records since the start. Written by the log's thread, read by any.
#pragma once

#include <array>

#include "core/base/metrics.h"
#include "core/order/event.h"

namespace oee {

inline constexpr std::size_t error_classes = static_cast<std::size_t>(ErrorClass::interrupted) + 1;

class LogMeters {
 public:
  // A batch that was stored; `bytes` of its records.
  void add(const std::vector<Record>& records, std::size_t bytes) {
    for (const Record& record : records) {
      events_[record.event.index()].add();
      if (const auto* failed = std::get_if<AttemptFailed>(&record.event)) {
        retries_[index_of(failed->error)].add();
      } else if (const auto* dead = std::get_if<OrderFailed>(&record.event)) {
        dead_letters_[index_of(dead->error)].add();
      }
    }
    record_bytes_.add(bytes);
    commit_records.add(static_cast<std::int64_t>(records.size()));
  }

  std::uint64_t events(EventType type) const {
    return events_[static_cast<std::size_t>(type)].get();
  }
  // Attempts that failed and are tried again, and orders that failed, by the last error.
  std::uint64_t retries(ErrorClass error) const { return retries_[index_of(error)].get(); }
  std::uint64_t dead_letters(ErrorClass error) const {
    return dead_letters_[index_of(error)].get();
  }
  std::uint64_t record_bytes() const { return record_bytes_.get(); }

  SizeHistogram commit_records;  // of one batch
  SizeHistogram commit_appends;  // answered by one batch
  DurationHistogram sync;        // the write with its fsync

 private:
  static std::size_t index_of(ErrorClass error) { return static_cast<std::size_t>(error); }
  std::array<Count, event_type_count> events_;
  std::array<Count, error_classes> retries_;
  std::array<Count, error_classes> dead_letters_;
  Count record_bytes_;
};

}  // namespace oee
