// Rebuilding and checking PostgreSQL's tables from a log, for tools/rebuild_projections.cc. The
// engine may be at work meanwhile: the new tables are filled in a schema of their own
// (oee_rebuild), verified, and take the live ones' place in one transaction under the lock that
// every projector transaction begins with. After a crash at any point the live tables are whole,
// old or new; what is left over is removed by the next rebuild. One thread calls.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/order/event.h"
#include "projections/postgres/postgres.h"

namespace oee {

// The log, wherever it is read from. Errors as EventLog's.
struct LogSource {
  LogId id;
  std::function<Result<Seq>()> head;  // the durable end now
  // Seqs [from, ...), at most `limit`, none above the last head().
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

// `what`: "copying", "indexing", ...; `done` of `total` records, both 0 where there is nothing to
// count.
using RebuildProgress =
    std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)>;

struct RebuildReport {
  ProjectionCounts counts;
  std::string warning;  // what is left for the operator to do; empty: nothing
};
// unavailable: PostgreSQL; in_use: another rebuild is at work; corrupt: the log is damaged, or what
// was written is not what was read back (the live tables are then untouched); unsupported: a newer
// schema.
Result<RebuildReport> rebuild_projections(const PostgresOptions& options, const LogSource& log,
                                          const RebuildProgress& progress);

struct CheckReport {
  ProjectionCounts counts;
  // the first ones, a sentence each; empty: the tables are the fold
  std::vector<std::string> differences;
};
// Compares every row of the tables with the fold of log[1..cursor], in one snapshot; changes
// nothing.
Result<CheckReport> check_projections(const PostgresOptions& options, const LogSource& log,
                                      const RebuildProgress& progress);

}  // namespace oee
