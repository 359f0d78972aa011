// Mutants: deliberate bugs, each standing in for the real side of a seam. They prove the checkers:
// a run with one must be caught, by the invariant that it breaks. The simulator proper has none;
// mutations.cc is compiled into a program of its own.
#pragma once

#include <functional>
#include <memory>

#include "core/seams/bus.h"
#include "core/seams/read_model.h"
#include "core/seams/venue.h"
#include "core/venue/paper/ledger/state.h"
#include "eventlog/memory_log.h"
#include "tests/support/log/history_checker.h"

namespace oee::sim {

// A seam's real side, or the mutant that stands in front of it.
template <class T>
class Seam {
 public:
  template <class Make, class... More>
  Seam(T& real, const Make& make, More&... more) : real_(&real) {
    if (make) mutant_ = make(real, more...);
  }
  T& operator*() const { return mutant_ ? *mutant_ : *real_; }
  T* operator->() const { return &**this; }

 private:
  T* real_;
  std::unique_ptr<T> mutant_;
};

// Empty members: no mutant there.
struct Mutants {
  template <class T, class... More>
  using Wrap = std::function<std::unique_ptr<T>(T&, More&...)>;
  Wrap<EventLog, MemoryLog> log;            // as the engine uses it
  Wrap<EventLog, MemoryLog> publisher_log;  // as the publisher alone uses it
  Wrap<OrderHistory> history;
  Wrap<ReadModel> tables;
  Wrap<ReadModel> rebuilt_tables;
  Wrap<Bus> bus;
  Wrap<Venue> venue;
  // The record at a seq as the store gives it to the checker. Called once for each seq, rising.
  std::function<std::string(std::string_view)> stored;
  // The log's answers on their way to a shard.
  std::function<void(std::vector<Answer>&)> answers;
  // Of the log's syncs only each n-th makes anything durable.
  std::uint32_t real_sync_every = 1;
  // Looks at the log show records that are written and not synced.
  bool shows_unsynced = false;
  // What the venues' ledger says of a settlement; how often, and with what.
  std::function<std::vector<test::HistoryChecker::Settlement>(test::HistoryChecker::Settlement)>
      settled;
  // The ledger's sums.
  std::function<void(LedgerState&)> ledger;
};

}  // namespace oee::sim
