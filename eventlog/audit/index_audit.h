// IndexAudit: do the index column families say exactly what the records say? Records come in the
// order of the log, index entries in the order of their keys, so the two are compared as multisets,
// each reduced to a count and one number: sequential reads only, and no memory per entry. One
// thread.
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
// with a chance below n × 2^-56 (Schwartz-Zippel; n of 10^8: 10^-9), whoever made them.
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

// What the index families of a view hold, up to a head.
struct IndexContents {
  EntryMultiset by_order;
  EntryMultiset keys;
  Result<void> read;  // not ok: the view could not be read to its end
};

class IndexAudit {
 public:
  IndexAudit();

  // Reads the indexes of a view, on any thread; gives up early when asked to.
  IndexContents read(const Secondary& view, Seq head, const std::atomic<bool>& stop) const;

  // Every record up to the head, in order.
  void take(const RecordView& record);

  struct Finding {
    Seq seq = 0;  // of the first record that disagrees; 0: none in particular
    std::string problem;
  };
  // Nothing: `seen` agrees with the records taken, or what is seen after looking again does
  // (LogReader::look_again). Errors: the log became unreadable.
  Result<std::optional<Finding>> finish(LogReader& log, IndexContents seen) const;

 private:
  EntryMultiset::Secret secret_;
  EntryMultiset by_order_;
  EntryMultiset keys_;
};

}  // namespace oee
