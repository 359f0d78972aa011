// Paper venues: simulated Raydium and Meteora over one durable ledger (DATA/venue), apart from the
// log, so that a settlement survives the engine's death. PaperExchange is the far side (one thread,
// group commit); a PaperVenue is one shard's connection to one venue of it, with latency and
// faults.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/order/token_registry.h"
#include "core/runtime/loop.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"
#include "core/seams/venue.h"
#include "core/venue/paper/ledger/ledger.h"

namespace oee {

// Probabilities 0..1 per submit; lose_request and lose_reply also per cancel. find and quote are
// spared.
struct PaperFaults {
  double lose_request = 0;  // submit never reaches the venue; the caller sees a timeout
  double lose_reply = 0;    // the venue acts; the caller sees a timeout
  double duplicate = 0;     // the request arrives twice
  double late = 0;          // the request lands `late_delay` after the caller saw a timeout
  Micros late_delay{0};
  double reject = 0;           // refused: venue_unavailable, durably
  std::uint32_t move_bps = 0;  // the arbitrage account moves the price against each trade first
};

struct PaperOptions {
  std::filesystem::path dir;  // DATA/venue; empty: the ledger is kept in memory (simulation)
  Micros venue_delay_min{2'000'000};  // submit to settlement
  Micros venue_delay_max{3'000'000};
  Micros quote_delay_min{100'000};
  Micros quote_delay_max{300'000};
  Micros call_timeout{2'000'000};  // how long a caller waits before a lost call is a timeout
  // Of the prices' walk. 0: the ledger's own, from when it was created, so that prices go on where
  // they were over a restart. With a directory, another seed at each start makes prices jump at
  // each start.
  std::uint64_t seed = 1;
  std::uint32_t drift_bps_per_s = 20;  // of the reference prices, at most
  PaperFaults faults;
};

class ExchangeWorker;  // the inside

// Owner: the composition root.
//
// Ending, in this order: (1) no coroutine is inside a venue any more (the callers' gates are
// closed; calls end by themselves within max(call_timeout, quote_delay_max, the wait of a find));
// (2) stop(); (3) the venues are destroyed, each on its loop's thread or after that has ended,
// while its Clock lives: that drops their trades in flight, as the death of the process does; (4)
// loops and exchange, in any order. Nothing of the exchange runs on a loop after (2). (2) and (3)
// may be swapped.
//
// With a directory the ledger's thread ("venue") commits in groups: everything queued, one sync.
// Without one there is no thread: requests are served on the caller's own loop in the order of
// their posting, so a simulation repeats; loops of several threads may share it.
class PaperExchange {
 public:
  // Opens or creates the ledger; recovers pool state; pools that the registry adds are deposited.
  // corrupt, in_use, io; invalid: the registry contradicts the ledger. `on_fail_stop` is called
  // once, from any thread, when the ledger cannot be read or written any more; every call answers
  // unavailable then. `clock`: for heights (400 ms each, beginning with the wall clock's at open;
  // they follow the steady clock from there, so a stepping wall clock neither expires nor revives a
  // transaction, and never fall, also over restarts). Only its now() and steady_now() are used,
  // until stop().
  static Result<std::unique_ptr<PaperExchange>> open(
      PaperOptions options, const TokenRegistry& registry, const Clock& clock,
      std::function<void(const Error&)> on_fail_stop);
  ~PaperExchange();  // as stop(), but does not use the clock
  // Commits and answers what is queued, ends the thread; later calls answer unavailable.
  // Idempotent.
  void stop();

  // The venues of the registry, in its order, for one shard's loop. Any thread. `loop`, `clock` and
  // `entropy` are that loop's own and outlive the venues.
  std::vector<std::unique_ptr<Venue>> connect(Loop& loop, Clock& clock, Entropy& entropy);

  // Checks the ledger as audit_ledger() does (ledger.h). REQUIRES: in memory, or stopped; no call
  // under way.
  Result<LedgerAudit> audit(const SettledTradeVisit& visit = {});

 private:
  explicit PaperExchange(std::unique_ptr<ExchangeWorker> floor);
  std::unique_ptr<ExchangeWorker> floor_;
};

}  // namespace oee
