// Rebuilds and checks PostgreSQL's tables from a log, for tools/rebuild_projections.cc. The engine
// may run meanwhile: the new tables are filled in a schema of their own (oee_rebuild) and verified.
// One transaction then replaces the live tables, under the lock that every projector transaction
// begins with. After a crash at any point the live tables are complete, either the old or the new
// ones; the next rebuild removes the leftovers. Blocking; one thread calls.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/order/event.h"
#include "projections/postgres/options.h"

namespace oee {

// The log as functions, so that any reader of a log can serve. Errors: those of EventLog.
struct LogSource {
  LogIdentity id;
  std::function<Result<Seq>()> head;  // the durable head now
  // The records from `from` on, at most `limit`, none above the last head().
  std::function<Result<std::vector<Record>>(Seq from, std::size_t limit)> read;
  std::function<Result<std::vector<Record>>(const OrderId& id)> read_order;
};

struct ProjectionCounts {
  Seq last_seq = 0;
  std::uint64_t events = 0;
  std::uint64_t orders = 0;
  std::uint64_t quotes = 0;
  std::uint64_t dead_letters = 0;
};

// `what`: "copying", "indexing", ... `done` of `total` records; both are 0 when the step does not
// count records.
using RebuildProgress =
    std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)>;

struct RebuildReport {
  ProjectionCounts counts;
  std::string warning;  // a remaining task for the operator; empty: none
};
// Replaces the live tables. The new ones have the owners and grants of the live ones, whichever
// role rebuilds. options.statement_timeout limits the wait for their lock. Errors; after each the
// live tables are unchanged:
//   unavailable   PostgreSQL; or others lock the live tables for too long
//   invalid       the role of this connection may not give the new tables to their owners
//   in_use        another rebuild runs
//   corrupt       the log is damaged, or the rows read back differ from the rows written
//   conflict      the tables that an earlier rebuild replaced are in use and cannot be dropped
//   unsupported   the schema is newer than this program
Result<RebuildReport> rebuild_projections(const PostgresOptions& options, const LogSource& log,
                                          const RebuildProgress& progress);

struct CheckReport {
  ProjectionCounts counts;
  // the first ten, one sentence each; empty: the tables are equal to the fold
  std::vector<std::string> differences;
};
// Compares every row of the tables with the fold of log[1..cursor], in one snapshot. Changes
// nothing. An update of an OrderAccepted may be stored without the order's terms (order_json.h), as
// earlier releases wrote it. not_found: the database has no schema oee; other errors as above.
Result<CheckReport> check_projections(const PostgresOptions& options, const LogSource& log,
                                      const RebuildProgress& progress);

}  // namespace oee
