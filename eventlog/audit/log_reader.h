// LogReader: reads a log directory from outside the engine, whether the engine runs or not, as a
// RocksDB secondary (own scratch directory, max_open_files -1, never read-write). It returns
// contiguous seqs only, up to the durable head in the watermark unless read_to_end() was called. A
// hole that remains after catching up and 10 reopens is corruption. One thread. Owner: the tool.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/order/event.h"

namespace oee {

class Secondary;

// The bytes of consecutive records. Owned by the caller of read_raw().
class RawRecords {
 public:
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return {bytes_.data() + begin, ends_[index] - begin};
  }

 private:
  friend class LogReader;
  std::string bytes_;
  std::vector<std::size_t> ends_;  // the offset after each record
};

// Decodes the bytes that the log holds for `seq`. The views are valid as those of borrow_payload().
// corrupt: the bytes are damaged or state another seq; unsupported; the detail names `seq`.
Result<BorrowedRecord> borrow_record_at(Seq seq, std::string_view bytes);

class LogReader {
 public:
  // `dir`: the data directory (DATA, with DATA/log inside) or the log directory itself.
  // not_found: no log there; corrupt, unsupported, io.
  static Result<std::unique_ptr<LogReader>> open(const std::filesystem::path& dir);
  ~LogReader();

  const LogId& id() const;
  const LogIdentity& identity() const;  // the id and the epoch
  // Reads the watermark again and catches up; returns the durable head. corrupt: the durable head
  // is lower than before, or the directory holds another log.
  Result<Seq> refresh();
  Seq head() const;            // the durable head of the last refresh()
  Hash256 head_chain() const;  // of head(), as the watermark states it
  // A slot of the watermark is damaged: it may have stated a later head.
  bool watermark_damaged() const;

  // True when no process holds the log's lock and the watermark is as at the last refresh(): the
  // view then has every record and index entry of the log. A lock that cannot be examined counts as
  // held.
  bool unwritten();
  // Lets read_raw() go on past head() to the last record of the present view; returns its seq. The
  // next refresh() ends it. REQUIRES: unwritten(). corrupt, io.
  Result<Seq> read_to_end();
  Seq last() const;  // the last seq that read_raw() returns: head(), or that of read_to_end()

  // Replaces `into` by the raw records of seqs [from, ...): at least one when from <= last(), at
  // most `limit`, about 4 MiB, nothing beyond last(). REQUIRES: from >= 1, limit >= 1.
  // corrupt: record `from` is missing or cannot be read.
  Result<void> read_raw(Seq from, std::size_t limit, RawRecords& into);
  // The same, decoded. Also corrupt when the bytes of a record are damaged; the detail names its
  // seq.
  Result<std::vector<Record>> read(Seq from, std::size_t limit);
  // All durable records of an order in version order; empty when unknown.
  Result<std::vector<Record>> read_order(const OrderId& id);
  // The order's versions 1..last. REQUIRES: a durable record of this order with a version >= last
  // exists.
  Result<std::vector<Record>> read_order(const OrderId& id, Version last);

  // The index column families of the present view, for verify(). Entries may point beyond head(),
  // and the view of a running log may lack some entries until renew_view().
  enum class Index { by_order, keys };
  Result<std::optional<std::string>> find(Index index, std::string_view key);
  // The present view. scan() over it may run on another thread while this reader is used.
  std::shared_ptr<const Secondary> view() const;
  // Calls `each(key, value)` in key order until it returns false.
  using EachEntry = std::function<bool(std::string_view key, std::string_view value)>;
  static Result<void> scan(const Secondary& view, Index index, const EachEntry& each);

  // Renews a view that contradicts itself. The caller repeats its check after each round: rounds 0
  // and 1 catch up, the 10 rounds after them reopen the log. False when `round` is past them: the
  // contradiction is then in the log itself. head() is unchanged.
  bool renew_view(unsigned round);

 private:
  class Impl;
  explicit LogReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
