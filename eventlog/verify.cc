#include "eventlog/verify.h"

#include <atomic>
#include <future>
#include <optional>
#include <utility>

#include "eventlog/codec.h"
#include "eventlog/index_audit.h"
#include "eventlog/order_audit.h"

namespace oee {
namespace {

constexpr std::size_t records_at_once = 4096;

// Damage is what the report says; everything else means that there is no report.
bool is_damage(const Error& error) {
  return error.code == Errc::corrupt || error.code == Errc::unsupported;
}

struct Problem {
  Seq seq = 0;
  std::string what;
};

class Audit {
 public:
  explicit Audit(const VerifyOptions& options) : indexes_(options.indexes) {}

  // The next records. The first one that is not what must be there ends the audit.
  std::optional<Problem> take(const RawRecords& records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (auto what = take(seq_ + 1, records[i])) return Problem{seq_ + 1, *std::move(what)};
      ++seq_;
    }
    return std::nullopt;
  }

  Seq seq() const { return seq_; }  // the last one that was found good
  const Hash256& chain() const { return chain_; }
  std::size_t orders() const { return orders_.orders(); }
  const IndexAudit& index() const { return index_; }

 private:
  std::optional<std::string> take(Seq seq, std::string_view bytes) {
    const Result<RecordHeader> header = decode_header(bytes);
    if (!header) return header.error().detail;
    if (header->seq != seq) return "the record says seq " + std::to_string(header->seq);
    if (header->previous_chain != chain_) {
      return "the chain is broken: the record does not follow the one before it";
    }
    if (header->time < time_) return "its time is before the one of the record before it";
    const Result<Event> event = decode_payload(header->type, bytes.substr(record_header_bytes));
    if (!event) return event.error().detail;
    if (auto illegal = orders_.take(*header, *event)) return illegal;
    if (indexes_) index_.take(*header, *event);
    chain_ = chain_hash(chain_, bytes);
    time_ = header->time;
    return std::nullopt;
  }

  bool indexes_;
  Seq seq_ = 0;
  Hash256 chain_{};
  WallTime time_ = WallTime::min();
  OrderAudit orders_;
  IndexAudit index_;
};

// Reads on this thread while another one audits what was read before: reading and hashing cost
// about the same. The audit has one user at a time.
Result<std::optional<Problem>> audit_records(LogReader& log, const VerifyOptions& options,
                                             Audit& audit) {
  RawRecords chunks[2];
  std::future<std::optional<Problem>> auditing;
  const Seq head = log.head();
  Result<void> read;
  std::optional<Problem> problem;
  Seq next = 1;
  for (std::size_t turn = 0; next <= head && !problem; turn = 1 - turn) {
    read = log.read_raw(next, records_at_once, chunks[turn]);
    if (auditing.valid()) problem = auditing.get();
    if (!read || problem) break;
    if (options.progress) options.progress(audit.seq(), head);
    next += chunks[turn].size();
    auditing = std::async(std::launch::async,
                          [&audit, &chunk = chunks[turn]] { return audit.take(chunk); });
  }
  if (auditing.valid()) problem = auditing.get();
  if (problem || read.ok()) return problem;
  if (!is_damage(read.error())) return read.error();
  return std::optional(Problem{next, read.error().detail});
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

Result<std::optional<Problem>> audit_all(LogReader& log, const VerifyOptions& options,
                                         Audit& audit) {
  std::optional<IndexReading> indexes;
  if (options.indexes) indexes.emplace(log, audit.index());
  OEE_TRY_ASSIGN(auto problem, audit_records(log, options, audit));
  if (problem) return problem;
  if (audit.chain() != log.head_chain()) {
    return std::optional(
        Problem{log.head(), "the watermark states another chain hash for the head"});
  }
  if (!indexes) return problem;
  const auto finding = audit.index().finish(log, indexes->get());
  if (!finding) {
    if (!is_damage(finding.error())) return finding.error();
    return std::optional(Problem{0, finding.error().detail});
  }
  if (!*finding) return problem;
  return std::optional(Problem{(*finding)->seq, (*finding)->problem});
}

}  // namespace

Result<VerifyReport> verify(LogReader& log, const VerifyOptions& options) {
  Audit audit(options);
  OEE_TRY_ASSIGN(std::optional<Problem> problem, audit_all(log, options, audit));
  VerifyReport report;
  report.ok = !problem;
  report.events = audit.seq();
  report.orders = audit.orders();
  report.head = log.head();
  report.chain = audit.chain();
  if (problem) {
    report.first_bad = problem->seq;
    report.problem = std::move(problem->what);
  }
  return report;
}

}  // namespace oee
