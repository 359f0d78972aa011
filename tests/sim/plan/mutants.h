// Mutants: deliberate bugs, each in place of the real side of a seam. They prove that the checkers
// work: a run with a mutant must be caught by the invariant that the mutant breaks. `sim` has no
// mutants; mutations.cc is a program of its own.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "api/engine/engine_parts.h"
#include "api/stream/options.h"
#include "core/order/decide.h"
#include "core/seams/bus.h"
#include "core/seams/read_model.h"
#include "core/seams/venue.h"
#include "core/venue/paper/ledger/state.h"
#include "eventlog/memory_log.h"
#include "tests/support/log/history_checker.h"

namespace oee::sim {

// A seam's real side, or the mutant in front of it.
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

// An empty member: no mutant at that seam.
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
  // Changes the bytes of a record on their way from the store to the checker. Called once for each
  // seq, in rising order.
  std::function<std::string(std::string_view)> stored;
  // The order of the engine's stop.
  std::array<EngineParts::StopStep, EngineParts::stop_steps.size()> stop_steps =
      EngineParts::stop_steps;
  // The longest wait of an order for the venues' quotes.
  Micros quote_max = ExecutorOptions().quote_max;
  // The engine's budget of attempts. The checker knows the default.
  std::uint32_t attempts_max = RetryRules().attempts_max;
  // Changes the log's answers on their way to a shard.
  std::function<void(std::vector<Answer>&)> answers;
  // Only each n-th sync of the log makes records durable.
  std::uint32_t real_sync_every = 1;
  // The checker reads records that are written and not synced.
  bool shows_unsynced = false;
  // The settlements that the ledger reports for one settlement: how many, and their amounts.
  std::function<std::vector<test::HistoryChecker::Settlement>(test::HistoryChecker::Settlement)>
      settled;
  // /readyz does not know the disk.
  bool readyz_without_disk = false;
  // A step of the stop is waited for without a limit.
  bool stop_waits_for_ever = false;
  // Appends are answered although their sync hangs.
  bool answers_hung_appends = false;
  // The reads that writes need wait behind PostgreSQL's queries.
  bool writes_on_query_thread = false;
  // Changes the options of a gateway's stream.
  std::function<void(StreamOptions&)> gateway_stream;
  // Gateways take another log's messages as those of their own.
  bool any_log_is_own = false;
  // Changes the ledger's balances before they are checked.
  std::function<void(paper::LedgerState&)> ledger;
};

}  // namespace oee::sim
