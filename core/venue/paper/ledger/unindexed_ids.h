// UnindexedIds: the newest ids of the durable ledger, before they are written to its index. Owned
// by the ledger, on its thread.
//
// Ids are random. Inserting random keys into a large memtable at each commit would take most of a
// commit's time (measured: 3.5 us of the 6 us for a trade). So ids wait here and are written to the
// index in sorted runs of run_size, a part of a run with every commit. A crash loses nothing: the
// ids are read again from the journal after entry indexed(). Memory: two runs at most, about 3 MB.
#pragma once

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/venue/paper/ledger/journal_entry.h"

namespace oee::paper {

class UnindexedIds {
 public:
  static constexpr std::size_t run_size = 16'384;
  using Row = std::pair<VenueOrderId, EntryNumber>;

  // `indexed`: the index contains the id of every entry up to this one, inclusive.
  explicit UnindexedIds(EntryNumber indexed) : indexed_(indexed), newest_(indexed) {}

  // Called in journal order. `id`: null when the entry ends no id.
  void add(const VenueOrderId* id, EntryNumber number) {
    newest_ = number;
    if (id) fresh_[*id] = number;
  }

  std::optional<EntryNumber> find(const VenueOrderId& id) const {
    if (const auto found = fresh_.find(id); found != fresh_.end()) return found->second;
    if (const auto found = leaving_.find(id); found != leaving_.end()) return found->second;
    return std::nullopt;
  }
  std::size_t size() const { return fresh_.size() + leaving_.size(); }
  EntryNumber indexed() const { return indexed_; }

  // The next rows to write to the index, at most `count`, ascending within a run. indexed() may
  // rise by it.
  std::vector<Row> take(std::size_t count) {
    if (run_.empty() && fresh_.size() >= run_size) begin_run();
    const std::size_t end = std::min(run_.size(), taken_ + count);
    std::vector<Row> rows(run_.begin() + static_cast<std::ptrdiff_t>(taken_),
                          run_.begin() + static_cast<std::ptrdiff_t>(end));
    taken_ = end;
    if (!run_.empty() && taken_ == run_.size()) end_run();
    return rows;
  }

 private:
  void begin_run() {
    run_.assign(fresh_.begin(), fresh_.end());
    std::sort(run_.begin(), run_.end());
    leaving_ = std::exchange(fresh_, {});
    taken_ = 0;
    run_newest_ = newest_;
  }
  void end_run() {
    run_.clear();
    leaving_.clear();
    taken_ = 0;
    indexed_ = run_newest_;
  }

  std::unordered_map<VenueOrderId, EntryNumber, IdHash> fresh_;
  std::unordered_map<VenueOrderId, EntryNumber, IdHash> leaving_;  // the ids of run_
  std::vector<Row> run_;
  std::size_t taken_ = 0;  // rows of run_ that were returned
  EntryNumber run_newest_ = 0;
  EntryNumber indexed_ = 0;
  EntryNumber newest_ = 0;
};

}  // namespace oee::paper
