// LogChecker: the independent check of a log's records. It has its own decoder (record_view.h) and
// its own fold of the state that legality depends on: about 44 bytes an order, and 550 bytes more
// for one that has not ended. `log-dump verify`, the kill tests and the simulation use it. It
// shares the lifecycle table and SHA-256 with the engine, and no code that reads or writes records.
// One thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "eventlog/audit/invariants.h"
#include "eventlog/audit/record_view.h"

namespace oee {

class LogChecker {
 public:
  struct Options {
    // Check key.one_order, for about 60 bytes a key. verify() finds the same through the key index.
    bool keys = true;
    // How many attempts an order or a requeue has, for order.budget; 0: not known.
    std::uint32_t attempts_max = 0;
    // Accept a min_out that an earlier program rounded down. Off for a log of this program alone.
    bool earlier_programs = true;
  };
  explicit LogChecker(Options options);
  ~LogChecker();

  // Checks the next record; the first has seq 1. Returns the violation when the record breaks an
  // invariant; the checker must not be used after that.
  std::optional<Violation> take(std::string_view bytes) { return take(view_record(bytes)); }
  // The same, for bytes that were decoded before, perhaps on another thread.
  std::optional<Violation> take(Result<RecordView> record);
  // The last record taken. Its views are valid as long as the bytes given.
  const RecordView& last() const;

  Seq head() const;              // seq of the last good record
  const Hash256& chain() const;  // of the head
  std::size_t orders() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
