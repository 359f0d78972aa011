#include "eventlog/audit/verify.h"

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

// Damage is what the report says; everything else means that there is no report.
bool is_damage(const Error& error) {
  return error.code == Errc::corrupt || error.code == Errc::unsupported;
}

// Consecutive records and what their bytes say: each checked and hashed, by itself.
class Chunk {
 public:
  Result<void> read(LogReader& log, Seq from) {
    views_.clear();
    OEE_TRY(log.read_raw(from, records_at_once, bytes_));
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

  // The next records. The first one that is not what must be there ends the audit.
  std::optional<Violation> take(Chunk& chunk) {
    for (Result<RecordView>& record : chunk.views()) {
      if (auto violation = records_.take(std::move(record))) return violation;
      if (indexes_) index_.take(records_.last());
    }
    return std::nullopt;
  }

  const LogChecker& records() const { return records_; }
  const IndexAudit& index() const { return index_; }

 private:
  bool indexes_;
  LogChecker records_;
  IndexAudit index_;
};

// Reads and hashes on this thread while another one audits what was read before, which costs about
// the same: most of it is the look-up of each record's order. The audit has one user at a time.
Result<std::optional<Violation>> audit_records(LogReader& log, const VerifyOptions& options,
                                               Audit& audit) {
  Chunk chunks[2];
  std::future<std::optional<Violation>> auditing;
  const Seq head = log.head();
  Result<void> read;
  std::optional<Violation> violation;
  Seq next = 1;
  for (std::size_t turn = 0; next <= head && !violation; turn = 1 - turn) {
    read = chunks[turn].read(log, next);
    if (auditing.valid()) violation = auditing.get();
    if (!read || violation) break;
    if (options.progress) options.progress(audit.records().head(), head);
    next += chunks[turn].size();
    auditing = std::async(std::launch::async,
                          [&audit, &chunk = chunks[turn]] { return audit.take(chunk); });
  }
  if (auditing.valid()) violation = auditing.get();
  if (violation || read.ok()) return violation;
  if (!is_damage(read.error())) return read.error();
  // What is missing and what cannot be read are the same hole to who reads.
  return std::optional(Violation{Invariant::log_contiguous, next, read.error().detail});
}

// The indexes of the view that the audit begins with, read beside the records.
class IndexReading {
 public:
  IndexReading(const LogReader& log, const IndexAudit& audit)
      : contents_(
            std::async(std::launch::async, [this, &audit, view = log.view(), head = log.head()] {
              return audit.read(*view, head, stop_);
            })) {}
  ~IndexReading() { stop_ = true; }  // and the future waits for the end
  IndexContents get() { return contents_.get(); }

 private:
  std::atomic<bool> stop_{false};
  std::future<IndexContents> contents_;
};

Result<std::optional<Violation>> audit_all(LogReader& log, const VerifyOptions& options,
                                           Audit& audit) {
  std::optional<IndexReading> indexes;
  if (options.indexes) indexes.emplace(log, audit.index());
  OEE_TRY_ASSIGN(auto violation, audit_records(log, options, audit));
  if (violation) return violation;
  if (audit.records().chain() != log.head_chain()) {
    return std::optional(Violation{Invariant::log_chain, log.head(),
                                   "the watermark states another chain hash for the head"});
  }
  if (!indexes) return violation;
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
  OEE_TRY_ASSIGN(std::optional<Violation> violation, audit_all(log, options, audit));
  VerifyReport report;
  report.ok = !violation;
  report.events = audit.records().head();
  report.orders = audit.records().orders();
  report.head = log.head();
  report.chain = audit.records().chain();
  if (violation) {
    report.broken = violation->invariant;
    report.first_bad = violation->seq;
    report.problem = std::move(violation->what);
  }
  return report;
}

}  // namespace oee
