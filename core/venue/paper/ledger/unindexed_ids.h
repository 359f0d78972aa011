// UnindexedIds: the newest ids of the durable ledger, before they are written to its index.
//
// Ids are random, and inserting random keys one commit at a time into a large memtable is what a
// commit would spend most of its time on (measured: 3.5 us of the 6 us a trade costs). So ids wait
// here, and reach the index in sorted runs of run_size, a stretch with every commit. A crash loses
// nothing: the journal from indexed() on says again what was here. Memory: two runs at most, about
// 3 MB.
#pragma once

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/venue/paper/ledger/journal_entry.h"

namespace oee {

class UnindexedIds {
 public:
  static constexpr std::size_t run_size = 16'384;
  using Row = std::pair<VenueOrderId, EntryNumber>;

  // Every entry up to here has its id in the index.
  explicit UnindexedIds(EntryNumber indexed) : indexed_(indexed), newest_(indexed) {}

  // Journal order. `id` is null for entries that end none.
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

  // The next rows to index, at most `count`, ascending within a run; call indexed() afterwards.
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
  std::size_t taken_ = 0;  // of run_
  EntryNumber run_newest_ = 0;
  EntryNumber indexed_ = 0;
  EntryNumber newest_ = 0;
};

}  // namespace oee
