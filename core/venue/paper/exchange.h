// Exchange: the simulated exchange behind the paper venues (Raydium and Meteora), over one durable
// ledger in DATA/venue. The ledger is separate from the event log: a settlement survives a crash of
// the engine.
//
// Owner: the composition root. connect() gives each shard its own venues, which add latency and
// faults. With a directory, the ledger's thread ("venue") commits in groups: everything queued, one
// sync. Without one there is no thread: requests are served on the caller's own loop in the order
// in which they were posted, so a simulation repeats. Loops of several threads may share the
// exchange.
//
// Order of shutdown:
// 1. No coroutine is inside a venue: the callers' gates are closed. Every call ends by itself
//    within max(call_timeout, quote_delay_max, the wait of a find). A call to a silent venue ends
//    when the venue is destroyed.
// 2. stop(). After it the exchange posts nothing to any loop.
// 3. The venues are destroyed, each on its loop's thread or after that thread has ended, while its
//    Clock exists. That drops their trades in flight, as a crash of the process does.
// 4. Loops and exchange are destroyed, in any order.
// Steps 2 and 3 may be swapped.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/order/token_registry.h"
#include "core/runtime/loop.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"
#include "core/seams/venue.h"
#include "core/venue/market_control.h"
#include "core/venue/paper/ledger/ledger.h"
#include "core/venue/paper/options.h"
#include "core/venue/routes/pool_source.h"

namespace oee::paper {

class ExchangeWorker;  // the implementation

class Exchange {
 public:
  // Opens or creates the ledger, recovers the pools and deposits the pools that the registry adds.
  // corrupt, in_use, io; invalid: an option is out of range, or the registry contradicts the
  // ledger.
  // `on_fail_stop` is called once, from any thread, when the ledger cannot be read or written any
  // more. After it every call returns unavailable.
  // `clock` drives the heights, 400 ms each. They begin with the wall clock's height at open and
  // follow the steady clock from there: a step of the wall clock neither expires nor revives a
  // transaction. Heights never fall, also over restarts. Only now() and steady_now() are used,
  // until stop().
  static Result<std::unique_ptr<Exchange>> open(ExchangeOptions options,
                                                const TokenRegistry& registry, const Clock& clock,
                                                std::function<void(const Error&)> on_fail_stop);
  ~Exchange();  // as stop(), but does not use the clock
  // Commits and answers everything queued and ends the thread. Later calls return unavailable.
  // Idempotent.
  void stop();

  // The venues of the registry, in its order, for one shard's loop. Any thread. `loop`, `clock` and
  // `entropy` belong to that loop and outlive the venues.
  std::vector<std::unique_ptr<Venue>> connect(Loop& loop, Clock& clock, Entropy& entropy);
  // The pools of all venues for one loop. Any thread; the exchange outlives it.
  std::unique_ptr<PoolSource> pools() const;
  // Control of all venues for one loop, which outlives it. Any thread. A call of it that has not
  // ended when its loop ends is never resumed.
  std::unique_ptr<MarketControl> control(Loop& loop);

  // Checks the ledger as audit_ledger() does (ledger.h). REQUIRES: in memory, or stopped; no call
  // under way.
  Result<LedgerAudit> audit(const SettledTradeVisit& visit = {});

 private:
  explicit Exchange(std::unique_ptr<ExchangeWorker> worker);
  std::unique_ptr<ExchangeWorker> worker_;
};

}  // namespace oee::paper
