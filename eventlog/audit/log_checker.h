// LogChecker: the independent judge of a log's records: its own decoder (record_view.h), its own
// fold of what legality depends on (about 40 bytes an order). `log-dump verify`, the kill tests and
// the simulation use it. It shares the lifecycle table and SHA-256 with the engine, and no code
// that reads or writes records. One thread.
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
    // Check key.one_order: costs about 60 bytes a key. verify() finds the same by the key index.
    bool keys = true;
  };
  explicit LogChecker(Options options);
  ~LogChecker();

  // The next record, from seq 1. The first violation, if it breaks an invariant; the checker must
  // not be used further then.
  std::optional<Violation> take(std::string_view bytes) { return take(view_record(bytes)); }
  // The same, of bytes that were looked at already, perhaps on another thread.
  std::optional<Violation> take(Result<RecordView> record);
  // The record that was taken last. Its views live as long as the bytes given.
  const RecordView& last() const;

  Seq head() const;              // the last good one
  const Hash256& chain() const;  // of the head
  std::size_t orders() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
