#include "eventlog/audit/verify.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "eventlog/audit/index_audit.h"
#include "eventlog/audit/log_checker.h"

namespace oee {
namespace {

constexpr std::size_t records_at_once = 1024;  // half a megabyte of views

// Damage is reported; any other error means that there is no report.
bool is_damage(const Error& error) {
  return error.code == Errc::corrupt || error.code == Errc::unsupported;
}

// Consecutive records, decoded: each is checked and hashed by itself.
class Chunk {
 public:
  Result<void> read(LogReader& log, Seq from, Seq last) {
    views_.clear();
    OEE_TRY(log.read_raw(from, std::min<Seq>(records_at_once, last - from + 1), bytes_));
    for (std::size_t i = 0; i < bytes_.size(); ++i) views_.push_back(view_record(bytes_[i]));
    return {};
  }
  std::size_t size() const { return views_.size(); }
  std::vector<Result<RecordView>>& views() { return views_; }

 private:
  RawRecords bytes_;
  std::vector<Result<RecordView>> views_;  // into bytes_
};

class Audit {
 public:
  // Two orders with one key cannot both be in the index: IndexAudit finds them.
  explicit Audit(const VerifyOptions& options)
      : indexes_(options.indexes), records_({.keys = !options.indexes}) {}

  // Checks the next records. The first violation ends the audit.
  std::optional<Violation> take(Chunk& chunk) {
    for (Result<RecordView>& record : chunk.views()) {
      if (auto violation = records_.take(std::move(record))) return violation;
      if (indexes_) index_.take(records_.last());
      resolved_ += records_.last().type == EventType::outcome_resolved;
    }
    return std::nullopt;
  }

  const LogChecker& records() const { return records_; }
  const IndexAudit& index() const { return index_; }
  std::uint64_t resolved() const { return resolved_; }

 private:
  bool indexes_;
  std::uint64_t resolved_ = 0;
  LogChecker records_;
  IndexAudit index_;
};

// Audits the records after those audited before, up to `last`. Reads and hashes on this thread
// while another one audits the chunk before, which takes about as long: most of it is finding each
// record's order. One thread at a time uses the audit.
Result<std::optional<Violation>> audit_records(LogReader& log, const VerifyOptions& options,
                                               Audit& audit, Seq last) {
  Chunk chunks[2];
  std::future<std::optional<Violation>> auditing;
  Result<void> read;
  std::optional<Violation> violation;
  Seq next = audit.records().head() + 1;
  for (std::size_t turn = 0; next <= last && !violation; turn = 1 - turn) {
    read = chunks[turn].read(log, next, last);
    if (auditing.valid()) violation = auditing.get();
    if (!read || violation) break;
    if (options.progress) options.progress(audit.records().head(), last);
    next += chunks[turn].size();
    auditing = std::async(std::launch::async,
                          [&audit, &chunk = chunks[turn]] { return audit.take(chunk); });
  }
  if (auditing.valid()) violation = auditing.get();
  if (violation || read.ok()) return violation;
  if (!is_damage(read.error())) return read.error();
  // A missing record and an unreadable one are both reported as a hole.
  return std::optional(Violation{Invariant::log_contiguous, next, read.error().detail});
}

// Reads the indexes on a thread of its own while the records are audited, from the view at the
// audit's beginning.
class IndexReading {
 public:
  IndexReading(const LogReader& log, bool unwritten, const IndexAudit& audit)
      : contents_(std::async(std::launch::async, [this, &audit, view = log.view(),
                                                  range = IndexRange{log.last(), unwritten}] {
          return audit.read(*view, range, stop_);
        })) {}
  ~IndexReading() { stop_ = true; }  // the future's destructor then waits for the thread
  IndexContents get() { return contents_.get(); }

 private:
  std::atomic<bool> stop_{false};
  std::future<IndexContents> contents_;
};

// Records beyond the head are normal: the engine wrote them before the watermark and was killed.
// With a damaged slot they are more: commits that the watermark has stated.
std::optional<Violation> lost_head(LogReader& log) {
  if (!log.watermark_damaged() || log.last() == log.head() || !log.unwritten()) return std::nullopt;
  const Seq first = log.head() + 1;
  return Violation{Invariant::log_watermark, first,
                   "a slot of WATERMARK is damaged, and " +
                       std::to_string(log.last() - log.head()) + " records, seq " +
                       std::to_string(first) + " to " + std::to_string(log.last()) +
                       ", lie beyond the head " + std::to_string(log.head()) +
                       " of the other slot; the engine's next start takes them in"};
}

Result<std::optional<Violation>> audit_all(LogReader& log, const VerifyOptions& options,
                                           Audit& audit, VerifyReport& report) {
  const bool unwritten = log.unwritten();
  const Result<Seq> end = unwritten ? log.read_to_end() : log.head();
  std::optional<IndexReading> indexes;
  if (options.indexes) indexes.emplace(log, unwritten, audit.index());
  const auto found = audit_records(log, options, audit, log.head());
  report.events = audit.records().head();
  report.orders = audit.records().orders();
  report.resolved = audit.resolved();
  report.chain = audit.records().chain();
  if (!found.ok() || *found) return found;
  if (report.chain != log.head_chain()) {
    return std::optional(Violation{Invariant::log_chain, log.head(),
                                   "the watermark states another chain hash for the head"});
  }
  if (!end.ok()) {
    if (!is_damage(end.error())) return end.error();
    return std::optional(Violation{Invariant::log_contiguous, log.head() + 1, end.error().detail});
  }
  OEE_TRY_ASSIGN(auto violation, audit_records(log, options, audit, log.last()));
  if (!violation) violation = lost_head(log);
  if (violation || !indexes) return violation;
  const auto finding = audit.index().finish(log, indexes->get());
  if (!finding) {
    if (!is_damage(finding.error())) return finding.error();
    return std::optional(Violation{Invariant::log_index, 0, finding.error().detail});
  }
  if (!*finding) return violation;
  return std::optional(Violation{Invariant::log_index, (*finding)->seq, (*finding)->problem});
}

}  // namespace

Result<VerifyReport> verify(LogReader& log, const VerifyOptions& options) {
  Audit audit(options);
  VerifyReport report;
  OEE_TRY_ASSIGN(std::optional<Violation> violation, audit_all(log, options, audit, report));
  report.ok = !violation;
  report.head = log.head();
  report.last = log.last();
  if (violation) {
    report.broken = violation->invariant;
    report.first_bad = violation->seq;
    report.problem = std::move(violation->what);
  }
  return report;
}

}  // namespace oee
