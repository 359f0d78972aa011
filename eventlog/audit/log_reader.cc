#include "eventlog/audit/log_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/order/lifecycle.h"
#include "eventlog/audit/secondary.h"
#include "eventlog/codec.h"
#include "eventlog/layout.h"
#include "eventlog/rocks/watermark.h"

namespace oee {
namespace {

using Family = Secondary::Family;

constexpr unsigned catch_ups_max = 2;
constexpr unsigned reopens_max = 10;
constexpr std::chrono::milliseconds reopen_wait{10};  // × round: 10 take about half a second
constexpr std::size_t read_bytes_max = 4 << 20;
// The view of by_order may lack the entries that were in the write-ahead log when the view read it:
// at most 128 MiB, which is about 500,000 records of 200 B with their index entries. Twice as many
// records are checked.
constexpr Seq recent_records = 1'000'000;

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view text_of(const rocksdb::Slice& text) {
  return {text.data(), text.size()};
}

std::string quoted(const std::filesystem::path& path) {
  std::string text(1, '\'');
  text += path.string();
  text += '\'';
  return text;
}

Family family_of(LogReader::Index index) {
  return index == LogReader::Index::by_order ? Family::by_order : Family::keys;
}

bool is_store(const std::filesystem::path& dir) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(dir / "CURRENT", ignored);
}

Error with_seq(Seq seq, Error error) {
  error.detail = "seq " + std::to_string(seq) + ": " + error.detail;
  return error;
}

// unavailable means that the writer replaced files while the reader used them. After the last retry
// it means that the files are lost.
Error final_error(Error error) {
  if (error.code == Errc::unavailable) error.code = Errc::corrupt;
  return error;
}

// Checks the result of decoding the bytes that the log holds for `seq`.
template <class R>
Result<R> checked_at(Seq seq, Result<R> record) {
  if (!record) return with_seq(seq, record.error());
  if (record->seq != seq) {
    return Error{Errc::corrupt, "seq " + std::to_string(seq) + ": the record states seq " +
                                    std::to_string(record->seq)};
  }
  return record;
}

Result<Record> decode_at(Seq seq, std::string_view bytes) {
  return checked_at(seq, decode_record(bytes));
}

}  // namespace

Result<BorrowedRecord> borrow_record_at(Seq seq, std::string_view bytes) {
  return checked_at(seq, borrow_record(bytes));
}

class LogReader::Impl {
 public:
  explicit Impl(std::filesystem::path dir) : dir_(std::move(dir)) {}
  ~Impl() {
    if (lock_file_ >= 0) ::close(lock_file_);
  }
  Impl(const Impl&) = delete;

  Result<void> open();
  Result<Seq> refresh();
  Result<void> read_raw(Seq from, std::size_t limit, RawRecords& into);
  Result<std::vector<Record>> read_order(const OrderId& id, std::optional<Version> last);
  bool renew_view(unsigned round);
  bool unwritten();
  Result<Seq> read_to_end();

  const LogIdentity& identity() const { return identity_; }
  const Watermark& mark() const { return mark_; }
  Seq last() const { return std::max(mark_.seq, end_); }
  const std::shared_ptr<Secondary>& secondary() const { return secondary_; }

 private:
  Result<void> reopen();
  Result<void> read_identity(const Secondary& secondary, LogIdentity* log) const;
  Result<Watermark> read_mark() const;
  bool seek_to(Seq seq, Error* why);
  Result<std::optional<std::vector<Record>>> find_order(const OrderId& id,
                                                        std::optional<Version> last);
  Result<bool> occurs_after(const OrderId& id, Seq seq);

  std::filesystem::path dir_;
  std::shared_ptr<Secondary> secondary_;
  std::unique_ptr<rocksdb::Iterator> cursor_;  // over events, in secondary_
  LogIdentity identity_;
  Watermark mark_;
  Seq end_ = 0;  // of read_to_end(); 0: not called
  int lock_file_ = -1;
};

// --- Opening and following -----------------------------------------------------------------------

Result<void> LogReader::Impl::open() {
  for (unsigned round = 0;; ++round) {
    Result<void> opened = reopen();
    if (opened.ok()) break;
    // A log that is being created, or whose files are being replaced, can read as damaged for a
    // short time.
    if (opened.error().code == Errc::unsupported) return opened.error();
    if (round == reopens_max) return final_error(opened.error());
    std::this_thread::sleep_for(reopen_wait * (round + 1));
  }
  OEE_TRY_ASSIGN(mark_, read_mark());
  if (mark_.other_slot_damaged)
    log::warn(
        "a slot of WATERMARK is damaged: the newest commit may not be shown; the engine's "
        "next start repairs it",
        log::field("shown_up_to", mark_.seq));
  const Result<void> caught_up = secondary_->catch_up();
  if (!caught_up) return reopen();
  return {};
}

Result<void> LogReader::Impl::reopen() {
  OEE_TRY_ASSIGN(std::unique_ptr<Secondary> fresh, Secondary::open(dir_));
  LogIdentity identity;
  OEE_TRY(read_identity(*fresh, &identity));
  if (secondary_ != nullptr && identity.id != identity_.id) {
    return Error{Errc::corrupt, quoted(dir_) + " holds another log than before"};
  }
  cursor_.reset();
  secondary_ = std::move(fresh);
  identity_ = identity;
  return {};
}

Result<void> LogReader::Impl::read_identity(const Secondary& secondary, LogIdentity* log) const {
  OEE_TRY_ASSIGN(const auto format, secondary.get(Family::meta, layout::meta_format));
  OEE_TRY_ASSIGN(const auto log_id, secondary.get(Family::meta, layout::meta_log_id));
  OEE_TRY_ASSIGN(const auto epoch, secondary.get(Family::meta, layout::meta_epoch));
  if (!format || format->size() != 4 || !log_id || log_id->size() != log->id.bytes.size() ||
      (epoch && epoch->size() != log->epoch.bytes.size())) {
    return Error{Errc::corrupt, quoted(dir_) + " is not an event log: it states no format or id"};
  }
  const std::uint32_t version = load_be<std::uint32_t>(*format);
  if (version > layout::store_format_version) {
    return Error{Errc::unsupported, quoted(dir_) + " has format " + std::to_string(version) +
                                        "; this program knows up to " +
                                        std::to_string(layout::store_format_version)};
  }
  log->id = LogId::from_bytes(*log_id);
  log->epoch = epoch ? LogEpoch::from_bytes(*epoch) : LogEpoch{};
  return {};
}

// A missing watermark is correct only for a log without records: the watermark is created before
// the first record.
Result<Watermark> LogReader::Impl::read_mark() const {
  Result<Watermark> mark = read_watermark(dir_ / "WATERMARK");
  if (mark.ok() || mark.error().code != Errc::not_found) return mark;
  const std::unique_ptr<rocksdb::Iterator> first = secondary_->iterate(Family::events);
  first->SeekToFirst();
  if (first->Valid()) {
    return Error{Errc::corrupt,
                 quoted(dir_ / "WATERMARK") + " is missing beside a log with records"};
  }
  return Watermark{};
}

Result<Seq> LogReader::Impl::refresh() {
  // The watermark is read first: the files that catch_up() reads then hold every record up to it.
  OEE_TRY_ASSIGN(const Watermark mark, read_mark());
  if (mark.seq < mark_.seq || (mark.seq == mark_.seq && mark.chain != mark_.chain)) {
    return Error{Errc::corrupt, quoted(dir_) + " has an older state: it went back from seq " +
                                    std::to_string(mark_.seq) + " to " + std::to_string(mark.seq)};
  }
  end_ = 0;
  if (mark.seq == mark_.seq) return mark_.seq;
  mark_ = mark;
  cursor_.reset();
  // A failure here is retried later, at the first record that cannot be read.
  if (!secondary_->catch_up().ok()) renew_view(catch_ups_max);
  return mark_.seq;
}

// RocksDB's writer holds a POSIX lock of the file LOCK. Closing the file would release a lock of
// this process itself, so it stays open as long as this reader.
bool LogReader::Impl::unwritten() {
  if (lock_file_ < 0) lock_file_ = ::open((dir_ / "LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  std::error_code failed;
  if (lock_file_ < 0 && (std::filesystem::exists(dir_ / "LOCK", failed) || failed)) return false;
  if (lock_file_ >= 0) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(lock_file_, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK) return false;
  }
  const Result<Watermark> mark = read_mark();
  return mark.ok() && mark->seq == mark_.seq && mark->chain == mark_.chain;
}

Result<Seq> LogReader::Impl::read_to_end() {
  const std::unique_ptr<rocksdb::Iterator> newest = secondary_->iterate(Family::events);
  newest->SeekToLast();
  if (!newest->status().ok())
    return final_error(Secondary::error_of("cannot read the last record", newest->status()));
  if (newest->Valid()) {
    if (newest->key().size() != 8) return Error{Errc::corrupt, "a key of events is not a seq"};
    end_ = load_be<std::uint64_t>(text_of(newest->key()));
  }
  return last();
}

bool LogReader::Impl::renew_view(unsigned round) {
  if (round >= catch_ups_max + reopens_max) return false;
  cursor_.reset();
  // When renewing fails, the old view stays and the caller finds the same contradiction again.
  if (round < catch_ups_max) {
    static_cast<void>(secondary_->catch_up().ok());
  } else {
    std::this_thread::sleep_for(reopen_wait * (round - catch_ups_max));
    static_cast<void>(reopen().ok());
  }
  return true;
}

// --- Records -------------------------------------------------------------------------------------

// Moves the cursor to the record in the present view. False: the view has no such record (`why`).
bool LogReader::Impl::seek_to(Seq seq, Error* why) {
  const std::string key = layout::seq_key(seq);
  if (cursor_ == nullptr) {
    cursor_ = secondary_->iterate(Family::events);
    cursor_->Seek(slice(key));
  } else if (!cursor_->Valid() || text_of(cursor_->key()) != key) {
    cursor_->Seek(slice(key));
  }
  if (cursor_->Valid() && text_of(cursor_->key()) == key) return true;
  const rocksdb::Status status = cursor_->status();
  if (!status.ok()) {
    *why = with_seq(seq, final_error(Secondary::error_of("cannot be read", status)));
  } else {
    *why = Error{Errc::corrupt, "seq " + std::to_string(seq) + ": the record is missing (the log " +
                                    "is durable up to seq " + std::to_string(mark_.seq) + ")"};
  }
  return false;
}

Result<void> LogReader::Impl::read_raw(Seq from, std::size_t limit, RawRecords& into) {
  check(from >= 1 && limit >= 1, "LogReader::read_raw: from and limit are at least 1");
  into.bytes_.clear();
  into.ends_.clear();
  if (from > last()) return {};
  Error why{Errc::corrupt, {}};
  for (unsigned round = 0; !seek_to(from, &why); ++round) {
    if (!renew_view(round)) return why;
  }
  Seq next = from;
  while (true) {
    into.bytes_.append(cursor_->value().data(), cursor_->value().size());
    into.ends_.push_back(into.bytes_.size());
    ++next;
    cursor_->Next();
    if (into.size() >= limit || next > last() || into.bytes_.size() >= read_bytes_max) break;
    // A hole or an unreadable block ends this result; the next call begins at it and retries.
    if (!cursor_->Valid() || cursor_->key().size() != 8) break;
    if (load_be<std::uint64_t>(text_of(cursor_->key())) != next) break;
  }
  return {};
}

// --- One order -----------------------------------------------------------------------------------

Result<std::vector<Record>> LogReader::Impl::read_order(const OrderId& id,
                                                        std::optional<Version> last) {
  for (unsigned round = 0;; ++round) {
    Result<std::optional<std::vector<Record>>> found = find_order(id, last);
    if (found.ok() && found->has_value()) return std::move(**found);
    if (renew_view(round)) continue;
    if (!found.ok()) return final_error(found.error());
    return Error{Errc::corrupt, "the index by_order lacks records of order " + to_text(id)};
  }
}

// nullopt: the view's by_order and events disagree about this order.
Result<std::optional<std::vector<Record>>> LogReader::Impl::find_order(
    const OrderId& id, std::optional<Version> last) {
  std::vector<Record> records;
  const std::unique_ptr<rocksdb::Iterator> entry = secondary_->iterate(Family::by_order);
  for (entry->Seek(slice(id.view())); entry->Valid(); entry->Next()) {
    const std::string_view key = text_of(entry->key());
    if (!key.starts_with(id.view())) break;
    if (last && records.size() >= *last) break;
    if (key.size() != 20 || entry->value().size() != 8) return std::optional<std::vector<Record>>();
    const Version version = load_be<std::uint32_t>(key.substr(16));
    const Seq seq = load_be<std::uint64_t>(text_of(entry->value()));
    if (seq > mark_.seq) break;  // not durable yet
    OEE_TRY_ASSIGN(const auto bytes, secondary_->get(Family::events, layout::seq_key(seq)));
    if (version != records.size() + 1 || !bytes) return std::optional<std::vector<Record>>();
    OEE_TRY_ASSIGN(Record record, decode_at(seq, *bytes));
    if (record.order_id != id || record.version != version) {
      return std::optional<std::vector<Record>>();
    }
    records.push_back(std::move(record));
  }
  if (!entry->status().ok()) return Secondary::error_of("cannot read by_order", entry->status());
  if (last) {
    if (records.size() < *last) return std::optional<std::vector<Record>>();
    return std::optional(std::move(records));
  }
  if (!records.empty() && is_final(transition_of(type_of(records.back().event)).after))
    return std::optional(std::move(records));
  OEE_TRY_ASSIGN(const bool more, occurs_after(id, records.empty() ? 0 : records.back().seq));
  if (more) return std::optional<std::vector<Record>>();
  return std::optional(std::move(records));
}

// A view may hold records whose entries in by_order it lacks. The index does not show that, so the
// records themselves are searched.
Result<bool> LogReader::Impl::occurs_after(const OrderId& id, Seq seq) {
  const Seq oldest = mark_.seq > recent_records ? mark_.seq - recent_records + 1 : 1;
  RawRecords records;
  for (Seq next = std::max(seq + 1, oldest); next <= mark_.seq;) {
    OEE_TRY(read_raw(next, 4096, records));
    for (std::size_t i = 0; i < records.size(); ++i, ++next) {
      const Result<RecordHeader> header = decode_header(records[i]);
      if (!header) return with_seq(next, header.error());
      if (header->order_id == id) return true;
    }
  }
  return false;
}

// --- The interface -------------------------------------------------------------------------------

Result<std::unique_ptr<LogReader>> LogReader::open(const std::filesystem::path& dir) {
  std::filesystem::path log_dir = dir / "log";
  if (!is_store(log_dir)) log_dir = dir;
  if (!is_store(log_dir)) return Error{Errc::not_found, "no event log at " + quoted(dir)};
  auto impl = std::make_unique<Impl>(log_dir);
  OEE_TRY(impl->open());
  return std::unique_ptr<LogReader>(new LogReader(std::move(impl)));
}

LogReader::LogReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogReader::~LogReader() = default;

const LogId& LogReader::id() const {
  return impl_->identity().id;
}
const LogIdentity& LogReader::identity() const {
  return impl_->identity();
}
Result<Seq> LogReader::refresh() {
  return impl_->refresh();
}
Seq LogReader::head() const {
  return impl_->mark().seq;
}
Hash256 LogReader::head_chain() const {
  return impl_->mark().chain;
}
bool LogReader::watermark_damaged() const {
  return impl_->mark().other_slot_damaged;
}
bool LogReader::unwritten() {
  return impl_->unwritten();
}
Result<Seq> LogReader::read_to_end() {
  return impl_->read_to_end();
}
Seq LogReader::last() const {
  return impl_->last();
}
bool LogReader::renew_view(unsigned round) {
  return impl_->renew_view(round);
}

Result<void> LogReader::read_raw(Seq from, std::size_t limit, RawRecords& into) {
  return impl_->read_raw(from, limit, into);
}

Result<std::vector<Record>> LogReader::read(Seq from, std::size_t limit) {
  RawRecords raw;
  OEE_TRY(impl_->read_raw(from, limit, raw));
  std::vector<Record> records;
  records.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    OEE_TRY_ASSIGN(Record record, decode_at(from + i, raw[i]));
    records.push_back(std::move(record));
  }
  return records;
}

Result<std::vector<Record>> LogReader::read_order(const OrderId& id) {
  return impl_->read_order(id, std::nullopt);
}
Result<std::vector<Record>> LogReader::read_order(const OrderId& id, Version last) {
  return impl_->read_order(id, last);
}

std::shared_ptr<const Secondary> LogReader::view() const {
  return impl_->secondary();
}

Result<void> LogReader::scan(const Secondary& view, Index index, const EachEntry& each) {
  const std::unique_ptr<rocksdb::Iterator> entry = view.iterate(family_of(index));
  for (entry->SeekToFirst(); entry->Valid(); entry->Next()) {
    if (!each(text_of(entry->key()), text_of(entry->value()))) return {};
  }
  if (!entry->status().ok()) return Secondary::error_of("cannot read an index", entry->status());
  return {};
}

Result<std::optional<std::string>> LogReader::find(Index index, std::string_view key) {
  return impl_->secondary()->get(family_of(index), key);
}

}  // namespace oee
