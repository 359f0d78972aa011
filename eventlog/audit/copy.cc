#include "eventlog/audit/copy.h"

#include <rocksdb/write_batch.h>

#include <string>

#include "eventlog/audit/record_view.h"
#include "eventlog/layout.h"
#include "eventlog/rocks/record_checker.h"
#include "eventlog/rocks/recovery.h"

namespace oee {
namespace {

// A batch holds the records of one read: about 4 MiB, 1.5 times as much with the index entries. It
// is synced, which takes a few ms for each 100 ms of copying. So a power cut leaves at most a torn
// tail of the newest WAL, which recovery accepts.
constexpr std::size_t records_at_once = 16'384;
constexpr std::size_t memtable_bytes = 64 << 20;  // as the engine's
constexpr Seq checked_at_once = 16'384;           // between two reports of progress

Error at_seq(Seq seq, const Error& error) {
  return {error.code, "seq " + std::to_string(seq) + ": " + error.detail};
}

// The errors of the store name "the log"; here it is the copy.
Error of_copy(const Error& error, const std::string& advice = {}) {
  return {error.code, "the copy: " + error.detail + advice};
}

// One record of the log, checked by itself.
Result<RecordView> view_at(Seq seq, std::string_view bytes) {
  Result<RecordView> view = view_record(bytes);
  if (!view) return at_seq(seq, view.error());
  if (view->seq == seq) return view;
  return Error{Errc::corrupt, "seq " + std::to_string(seq) + ": the record states seq " +
                                  std::to_string(view->seq)};
}

class Copy {
 public:
  Copy(LogReader& from, RecoveredLog& to, const FailStop& fail_stop, const CopyProgress& progress)
      : from_(from), to_(to), fail_stop_(fail_stop), progress_(progress) {}

  Result<CopyReport> run(const LogEpoch& epoch) {
    OEE_TRY(check_agreement());
    if (const Result<void> written = to_.store->set_epoch(epoch); !written)
      return of_copy(written.error());
    const Seq before = to_.head;
    const Hash256 chain_before = to_.chain;
    OEE_TRY(copy_records());
    OEE_TRY(copy_bound_keys());
    OEE_TRY(check_records(before, chain_before));
    OEE_TRY(to_.watermark.write(Watermark{to_.head, to_.chain}));
    OEE_TRY(to_.watermark.sync());
    return CopyReport{.first_new = before + 1, .head = to_.head, .chain = to_.chain};
  }

 private:
  // A chain hash covers all records before it: when the head's agrees, all records agree.
  Result<void> check_agreement() {
    if (to_.head == 0) return {};
    if (to_.head > from_.head()) {
      return Error{Errc::corrupt, "seq " + std::to_string(from_.head() + 1) +
                                      ": the copy holds records up to seq " +
                                      std::to_string(to_.head) + " and the log ends at " +
                                      std::to_string(from_.head()) +
                                      ": the log has lost records, or is itself an older copy"};
    }
    OEE_TRY(from_.read_raw(to_.head, 1, chunk_));
    OEE_TRY_ASSIGN(const RecordView head, view_at(to_.head, chunk_[0]));
    if (head.chain == to_.chain) return {};
    OEE_TRY_ASSIGN(const Seq differs, first_difference());
    return Error{Errc::corrupt, "seq " + std::to_string(differs) +
                                    ": the log and its copy differ from this record on: one of "
                                    "them got other records after an older state was restored"};
  }

  // REQUIRES: the records at the copy's head differ. Then all records after the first difference
  // differ, because of the chain.
  Result<Seq> first_difference() {
    Seq low = 1;
    for (Seq high = to_.head; low < high;) {
      const Seq middle = low + (high - low) / 2;
      OEE_TRY(from_.read_raw(middle, 1, chunk_));
      bool same = false;
      OEE_TRY(
          to_.store->scan(middle, middle, false, [&](Seq, std::string_view bytes) -> Result<void> {
            same = bytes == chunk_[0];
            return {};
          }));
      if (same) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  Result<void> copy_records() {
    const Seq head = from_.head();
    progress_("copying", to_.head, head);
    while (to_.head < head) {
      OEE_TRY(from_.read_raw(to_.head + 1, records_at_once, chunk_));
      batch_.Clear();
      for (std::size_t i = 0; i < chunk_.size(); ++i) OEE_TRY(add(chunk_[i]));
      const Result<void> written = to_.store->write(batch_);
      if (!written) return of_copy(written.error());
      if (fail_stop_.raised()) return fail_stop_.why();
      progress_("copying", to_.head, head);
    }
    if (to_.chain != from_.head_chain()) {
      return Error{Errc::corrupt, "seq " + std::to_string(head) +
                                      ": the log's watermark states another chain hash for it"};
    }
    return {};
  }

  Result<void> add(std::string_view bytes) {
    const Seq seq = to_.head + 1;
    OEE_TRY_ASSIGN(const RecordView record, view_at(seq, bytes));
    if (record.previous_chain != to_.chain)
      return Error{Errc::corrupt,
                   "seq " + std::to_string(seq) + ": the hash chain is broken before it"};
    RecordHeader header;  // only the members that the store's keys need
    header.seq = seq;
    header.order_id = record.order_id;
    header.version = record.version;
    to_.store->put_record(batch_, header, bytes);
    add_key(record, layout::KeyKind::idempotency_key, record.idempotency_key);
    add_key(record, layout::KeyKind::client_order_id, record.client_order_id);
    to_.head = seq;
    to_.chain = record.chain;
    return {};
  }

  void add_key(const RecordView& record, layout::KeyKind kind, std::string_view key) {
    if (key.empty()) return;
    to_.store->put_key(batch_, layout::key_of(kind, record.account, key),
                       KeyEntry{record.order_id, record.seq, record.fingerprint});
  }

  // No record names a bound key.
  Result<void> copy_bound_keys() {
    Result<void> copied;
    const auto write = [&] {
      const Result<void> written = to_.store->write(batch_);
      if (!written) copied = of_copy(written.error());
      batch_.Clear();
    };
    const auto each = [&](std::string_view key, std::string_view value) {
      if (!layout::is_bound_key(key)) return false;  // they come first
      const Result<KeyEntry> entry = RocksStore::parse_key_entry(value);
      if (!entry) copied = entry.error();
      if (entry && entry->seq <= to_.head) to_.store->put_key(batch_, key, *entry);
      if (batch_.Count() >= static_cast<int>(records_at_once)) write();
      return copied.ok();
    };
    batch_.Clear();
    OEE_TRY(LogReader::scan(*from_.view(), LogReader::Index::keys, each));
    if (copied && batch_.Count() > 0) write();
    return copied;
  }

  // Checks the new records in the copy with the codec that the engine reads them with.
  Result<void> check_records(Seq before, const Hash256& chain_before) {
    if (before == to_.head) return {};
    RecordChecker checker(*to_.store, chain_before);
    const auto each = [&](Seq seq, std::string_view bytes) -> Result<void> {
      if (seq % checked_at_once == 0 || seq == to_.head) progress_("checking", seq, to_.head);
      const Result<void> checked = checker.check(seq, bytes);
      return checked ? checked : of_copy(checked.error());
    };
    OEE_TRY(to_.store->scan(before + 1, to_.head, true, each));
    if (checker.chain() == to_.chain) return {};
    return Error{Errc::corrupt,
                 "seq " + std::to_string(to_.head) + ": the copy is not what was written"};
  }

  LogReader& from_;
  RecoveredLog& to_;
  const FailStop& fail_stop_;
  const CopyProgress& progress_;
  RawRecords chunk_;
  rocksdb::WriteBatch batch_;
};

}  // namespace

Result<CopyReport> copy_log(LogReader& from, const std::filesystem::path& dir,
                            const LogEpoch& epoch, const CopyProgress& progress) {
  FailStop fail_stop([] {});
  progress("opening", 0, 0);
  auto to = recover_log(LogFiles(), dir, memtable_bytes, fail_stop, from.id());
  if (!to && to.error().code == Errc::corrupt)
    return of_copy(to.error(), "; or remove " + dir.string() + " and make it anew");
  if (!to) return of_copy(to.error());
  if (to->store->id() != from.id()) {
    return Error{Errc::invalid, dir.string() + " holds another log (" + to_text(to->store->id()) +
                                    ") than the one to copy (" + to_text(from.id()) + ")"};
  }
  return Copy(from, *to, fail_stop, progress).run(epoch);
}

}  // namespace oee
