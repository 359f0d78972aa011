// LogReader: reads a log directory from outside the engine, live or dead, as a RocksDB secondary
// (own scratch directory, max_open_files -1, never read-write). It yields contiguous seqs only, up
// to the durable head in the watermark; a hole that survives catching up and 10 reopens is
// corruption. One thread. Owner: the tool.
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

// Bytes of consecutive records, owned by who reads them.
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
  std::vector<std::size_t> ends_;  // offset after each record
};

// What stands in the log as `seq`. Views as borrow_payload()'s. corrupt, unsupported: its own
// bytes, or it says another seq; the detail names `seq`.
Result<BorrowedRecord> borrow_record_at(Seq seq, std::string_view bytes);

class LogReader {
 public:
  // `dir`: the data directory (DATA, with DATA/log inside) or the log directory itself.
  // not_found: no log there; corrupt, unsupported, io.
  static Result<std::unique_ptr<LogReader>> open(const std::filesystem::path& dir);
  ~LogReader();

  const LogId& id() const;
  // Re-reads the watermark and catches up; returns the durable head. corrupt: the log went back in
  // time, or another log took its place.
  Result<Seq> refresh();
  Seq head() const;
  Hash256 head_chain() const;  // as the watermark states it

  // Replaces `into` by the raw records of seqs [from, ...): at least one when from <= head(), at
  // most `limit`, about 4 MiB, nothing beyond head(). REQUIRES: from >= 1, limit >= 1.
  // corrupt: record `from` is missing or cannot be read; those before it were given.
  Result<void> read_raw(Seq from, std::size_t limit, RawRecords& into);
  // The same, decoded. corrupt also for a record whose own bytes are damaged: the detail names it.
  Result<std::vector<Record>> read(Seq from, std::size_t limit);
  // All durable records of an order in version order; empty when unknown.
  Result<std::vector<Record>> read_order(const OrderId& id);
  // Its versions 1..last. REQUIRES: a durable record of this order with a version >= last was seen.
  Result<std::vector<Record>> read_order(const OrderId& id, Version last);

  // The index column families as this view has them, for verify(): entries may point beyond head(),
  // and a live log's view may miss some until look_again().
  enum class Index { by_order, keys };
  Result<std::optional<std::string>> find(Index index, std::string_view key);
  // The view as it stands. Its scan() may run on another thread, beside this reader's other uses.
  std::shared_ptr<const Secondary> view() const;
  // Calls `each(key, value)` in key order until it returns false.
  using EachEntry = std::function<bool(std::string_view key, std::string_view value)>;
  static Result<void> scan(const Secondary& view, Index index, const EachEntry& each);

  // For who finds that the view contradicts itself: catches up in rounds 0 and 1, reopens in the 10
  // after. False when `round` is past them: what is seen is then how the log is. head() stays.
  bool look_again(unsigned round);

 private:
  class Impl;
  explicit LogReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
