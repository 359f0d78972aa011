#include "eventlog/audit/index_audit.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "core/base/bytes.h"
#include "core/base/decimal.h"
#include "eventlog/layout.h"

namespace oee {
namespace {

using Index = LogReader::Index;

constexpr std::uint64_t prime = (1ULL << 61) - 1;

// REQUIRES: a, b < 2^61. Mersenne: x mod (2^61 - 1) is the sum of its 61-bit digits.
std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
  const U128 product = static_cast<U128>(a) * b;
  const std::uint64_t sum =
      static_cast<std::uint64_t>(product & prime) + static_cast<std::uint64_t>(product >> 61);
  return sum >= prime ? sum - prime : sum;
}

// Horner's rule over 7-byte digits, after the length, which keeps "ab","c" apart from "a","bc".
std::uint64_t evaluate(std::uint64_t value, std::string_view bytes, std::uint64_t point) {
  value = multiply(value, point) + bytes.size() + 1;
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(7, bytes.size()))) {
    std::uint64_t digit = 0;
    std::memcpy(&digit, bytes.data(), std::min<std::size_t>(7, bytes.size()));
    value = multiply(value >= prime ? value - prime : value, point) + digit;
  }
  return value >= prime ? value - prime : value;
}

// A writer's entries point at most this far past the durable head: the records that it can have in
// flight.
constexpr Seq in_flight_max = 1'000'000;

// The seq that an entry points to; nullopt: its value has a wrong size.
std::optional<Seq> target_of(Index index, std::string_view value) {
  if (index == Index::by_order) {
    if (value.size() != 8) return std::nullopt;
    return load_be<std::uint64_t>(value);
  }
  if (value.size() != 16 + 8 + 32) return std::nullopt;
  return load_be<std::uint64_t>(value.substr(16));
}

// False for an entry past the last record beside a writer: its record is not durable yet.
bool counts(Index index, std::string_view value, IndexRange range) {
  const std::optional<Seq> seq = target_of(index, value);
  return !seq || *seq <= range.last || range.unwritten || *seq - range.last > in_flight_max;
}

IndexRange range_of(LogReader& log) {
  return {log.last(), log.unwritten()};
}

// Calls `each(index, key, value)` for every entry that this record requires.
template <class Each>
void entries_of(const RecordView& record, Each each) {
  std::string value;
  append_be<std::uint64_t>(value, record.seq);
  // layout::by_order_key() without its allocation: this runs for every record of a log.
  char key[20];
  std::memcpy(key, record.order_id.bytes.data(), 16);
  store_be<std::uint32_t>(key + 16, record.version);
  each(Index::by_order, std::string_view(key, sizeof key), std::string_view(value));
  if (record.idempotency_key.empty() && record.client_order_id.empty()) return;
  value.insert(0, record.order_id.view());
  value += as_bytes(record.fingerprint);
  using layout::KeyKind;
  const auto each_key = [&](KeyKind kind, std::string_view text) {
    if (text.empty()) return;
    each(Index::keys, std::string_view(layout::key_of(kind, record.account, text)),
         std::string_view(value));
  };
  each_key(KeyKind::idempotency_key, record.idempotency_key);
  each_key(KeyKind::client_order_id, record.client_order_id);
}

std::string_view name_of(Index index) {
  return index == Index::by_order ? layout::cf_by_order : layout::cf_keys;
}

// The first record whose entries are missing or point elsewhere.
Result<std::optional<IndexAudit::Finding>> first_unindexed(LogReader& log) {
  std::optional<IndexAudit::Finding> found;
  RawRecords raw;
  for (Seq next = 1; next <= log.last() && !found;) {
    OEE_TRY(log.read_raw(next, 4096, raw));
    for (std::size_t i = 0; i < raw.size(); ++i) {
      OEE_TRY_ASSIGN(const RecordView record, view_record(raw[i]));
      Result<void> read;
      entries_of(record, [&](Index index, std::string_view key, std::string_view value) {
        const auto stored = log.find(index, key);
        if (!stored) read = stored.error();
        if (!stored || found || (stored->has_value() && **stored == value)) return;
        found = {next, "its entry in " + std::string(name_of(index)) +
                           (stored->has_value() ? " differs" : " is missing")};
      });
      OEE_TRY(read);
      if (found) break;
      ++next;
    }
  }
  return found;
}

// Whether the order of this client order id's entry may have the bound key.
bool can_bind(std::string_view client_key, std::string_view bound_key) {
  const std::size_t key_at = 2 + static_cast<std::uint8_t>(client_key[1]);  // behind the account
  return client_key[0] == static_cast<char>(layout::KeyKind::client_order_id) &&
         layout::is_bound_key(bound_key) && bound_key.size() > key_at &&
         bound_key.substr(1, key_at - 1) == client_key.substr(1, key_at - 1);
}

// True when the record that an index entry points to requires exactly this entry, or explains it as
// a bound key.
Result<bool> is_required(LogReader& log, Index index, std::string_view key,
                         std::string_view value) {
  const std::optional<Seq> seq = target_of(index, value);
  if (!seq || *seq == 0 || *seq > log.last()) return false;
  RawRecords raw;
  OEE_TRY(log.read_raw(*seq, 1, raw));
  OEE_TRY_ASSIGN(const RecordView record, view_record(raw[0]));
  bool required = false;
  entries_of(record, [&](Index other, std::string_view k, std::string_view v) {
    const bool bound = index == Index::keys && can_bind(k, key);
    required = required || (other == index && v == value && (k == key || bound));
  });
  return required;
}

// Of the entries that no record requires, the one with the lowest seq. `bound_only`: of the bound
// keys, which come first.
Result<std::optional<IndexAudit::Finding>> first_stray(LogReader& log, Index index,
                                                       bool bound_only = false) {
  std::optional<IndexAudit::Finding> found;
  Result<void> read;
  const IndexRange range = range_of(log);
  OEE_TRY(LogReader::scan(*log.view(), index, [&](std::string_view key, std::string_view value) {
    if (bound_only && !layout::is_bound_key(key)) return false;
    if (!counts(index, value, range)) return true;
    const Result<bool> required = is_required(log, index, key, value);
    if (!required) {
      read = required.error();
      return false;
    }
    const Seq seq = target_of(index, value).value_or(0);
    if (!*required && (!found || seq < found->seq)) {
      found = {seq, "an entry in " + std::string(name_of(index)) +
                        " points to it and does not follow from it"};
    }
    return true;
  }));
  OEE_TRY(read);
  return found;
}

Result<std::optional<IndexAudit::Finding>> locate(LogReader& log) {
  OEE_TRY_ASSIGN(auto found, first_unindexed(log));
  if (!found) {
    OEE_TRY_ASSIGN(found, first_stray(log, Index::by_order));
  }
  if (!found) {
    OEE_TRY_ASSIGN(found, first_stray(log, Index::keys));
  }
  return found;
}

}  // namespace

EntryMultiset::Secret EntryMultiset::Secret::draw() {
  std::random_device random;
  const auto number = [&random] {
    return ((static_cast<std::uint64_t>(random()) << 32) | random()) % prime;
  };
  return Secret{number(), number()};
}

void EntryMultiset::add(std::string_view key, std::string_view value) {
  const std::uint64_t entry = evaluate(evaluate(1, key, secret_.point), value, secret_.point);
  const std::uint64_t factor = secret_.z + prime - entry;
  product_ = multiply(product_, factor >= prime ? factor - prime : factor);
  ++count_;
}

IndexAudit::IndexAudit()
    : secret_(EntryMultiset::Secret::draw()), by_order_(secret_), keys_(secret_) {}

void IndexAudit::take(const RecordView& record) {
  entries_of(record, [this](Index index, std::string_view key, std::string_view value) {
    (index == Index::by_order ? by_order_ : keys_).add(key, value);
  });
}

IndexContents IndexAudit::read(const Secondary& view, IndexRange range,
                               const std::atomic<bool>& stop) const {
  IndexContents seen{EntryMultiset(secret_), EntryMultiset(secret_), {}};
  for (const Index index : {Index::by_order, Index::keys}) {
    EntryMultiset& entries = index == Index::by_order ? seen.by_order : seen.keys;
    seen.read = LogReader::scan(view, index, [&](std::string_view key, std::string_view value) {
      const bool bound = index == Index::keys && layout::is_bound_key(key);
      seen.bound_keys = seen.bound_keys || bound;
      if (!bound && counts(index, value, range)) entries.add(key, value);
      return !stop.load(std::memory_order_relaxed);
    });
    if (!seen.read) break;
  }
  return seen;
}

Result<std::optional<IndexAudit::Finding>> IndexAudit::finish(LogReader& log,
                                                              IndexContents seen) const {
  const std::atomic<bool> never{false};
  // The view of a running log may lack entries that the log has. An entry that no renewed view
  // shows is missing.
  for (unsigned round = 0;; ++round) {
    if (seen.read.ok() && seen.by_order == by_order_ && seen.keys == keys_) {
      if (!seen.bound_keys) return std::optional<Finding>();
      return first_stray(log, Index::keys, true);
    }
    if (!log.renew_view(round)) break;
    seen = read(*log.view(), range_of(log), never);
  }
  OEE_TRY(seen.read);
  OEE_TRY_ASSIGN(auto found, locate(log));
  if (!found) found = Finding{0, "the indexes hold entries that no record explains"};
  return found;
}

}  // namespace oee
