// The audit of a log: LogChecker over every record, and the indexes; beside a writer up to the
// durable head, else to the last record. Blocking. It uses threads of
// its own; nothing else may use the log until it returns.
#pragma once

#include <functional>
#include <string>

#include "core/base/sha256.h"
#include "eventlog/audit/invariants.h"
#include "eventlog/audit/log_reader.h"

namespace oee {

struct VerifyReport {
  bool ok = false;
  std::uint64_t events = 0;    // good records up to the head, before the first violation
  std::uint64_t orders = 0;    // of these records
  std::uint64_t resolved = 0;  // of these records, outcomes that an operator stated
  Seq head = 0;
  Hash256 chain{};  // of the head
  // The last record that was to be audited: beyond the head only when nothing writes the log. The
  // engine's next start takes the records beyond the head in.
  Seq last = 0;
  // When !ok:
  Invariant broken{};
  Seq first_bad = 0;    // 0: no single record
  std::string problem;  // one sentence
};

struct VerifyOptions {
  bool indexes = true;  // also check that by_order and keys agree with the records, both ways
  std::function<void(Seq done, Seq head)> progress;  // may be empty
};

// An error only when the log cannot be read at all; damage is a report with ok == false.
Result<VerifyReport> verify(LogReader& log, const VerifyOptions& options);

}  // namespace oee
