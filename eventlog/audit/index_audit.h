// IndexAudit: checks that the index column families hold exactly the entries that the records
// require, and bound keys of their orders. Records come in the order of the log, index entries in
// the order of their keys. So the two are compared as multisets, each reduced to a count and one
// number: sequential reads only, and no memory per entry. Bound keys are few: each is compared with
// its record. One thread, except read().
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventlog/audit/log_reader.h"
#include "eventlog/audit/record_view.h"

namespace oee {

// A fingerprint of a multiset of (key, value): the product of (z - e) over its entries' encodings
// e, in the field of integers modulo 2^61 - 1, where e is the entry's bytes as a polynomial at a
// random point. For z and the point drawn at random, two different multisets of n entries agree
// with a chance below n × 2^-56 (Schwartz-Zippel; n of 10^8: 10^-9), also when the entries were
// chosen to deceive.
class EntryMultiset {
 public:
  struct Secret {
    std::uint64_t point = 0;
    std::uint64_t z = 0;
    static Secret draw();
  };
  explicit EntryMultiset(Secret secret) : secret_(secret) {}
  void add(std::string_view key, std::string_view value);
  std::uint64_t count() const { return count_; }
  friend bool operator==(const EntryMultiset& a, const EntryMultiset& b) {
    return a.count_ == b.count_ && a.product_ == b.product_;
  }

 private:
  Secret secret_;
  std::uint64_t product_ = 1;
  std::uint64_t count_ = 0;
};

// How much of an index a reading covers: the entries of the seqs 1..last, and, when nothing writes
// the log, all others too, which are then damage.
struct IndexRange {
  Seq last = 0;
  bool unwritten = false;
};

// The entries of the index families of a view, in a range.
struct IndexContents {
  EntryMultiset by_order;
  EntryMultiset keys;
  Result<void> read;        // not ok: the view could not be read to its end
  bool bound_keys = false;  // there are bound keys; they are in neither multiset
};

class IndexAudit {
 public:
  IndexAudit();

  // Reads the indexes of a view. Any thread. `stop` ends it early; the result is then not complete.
  IndexContents read(const Secondary& view, IndexRange range, const std::atomic<bool>& stop) const;

  // Adds a record. REQUIRES: called for every record up to LogReader::last(), in order.
  void take(const RecordView& record);

  struct Finding {
    Seq seq = 0;  // of the first record without its entries; 0: no single record
    std::string problem;
  };
  // nullopt: `seen`, or a later reading after LogReader::renew_view(), agrees with the records.
  // Errors: the log became unreadable.
  Result<std::optional<Finding>> finish(LogReader& log, IndexContents seen) const;

 private:
  EntryMultiset::Secret secret_;
  EntryMultiset by_order_;
  EntryMultiset keys_;
};

}  // namespace oee
