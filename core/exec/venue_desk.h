// VenueDesk: the executor's dealings with one venue: the legs of live attempts there, when each is
// asked for, and the circuit breakers of its quotes and of its submissions. A quote proves nothing
// of a submission, so each has its own. Owned by the executor; loop's thread.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <compare>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "core/exec/circuit_breaker.h"
#include "core/exec/executor_metrics.h"
#include "core/exec/executor_options.h"
#include "core/exec/price_index.h"
#include "core/seams/clock.h"
#include "core/seams/venue.h"

namespace oee {

// An order that a start found interrupted. The least interrupted comes first: each crash hits
// another order, and the one that crashes the engine comes last.
struct Interrupted {
  std::uint32_t times = 0;
  Seq last_seq = 0;
  OrderId order;
  friend auto operator<=>(const Interrupted&, const Interrupted&) = default;
};

struct VenueDesk {
  VenueDesk(Venue& the_venue, VenueMetrics& its_metrics, const ExecutorOptions& options);

  // A leg of a live attempt that is asked for at this time. It may have ended, or have another time
  // now.
  struct Due {
    SteadyTime at;
    OrderId order;
    Attempt attempt;
    LegIndex leg = 0;
  };

  Venue& venue;
  VenueMetrics& metrics;
  boost::unordered_flat_map<VenueOrderId, OrderId, IdHash>
      live;                           // the legs here, with their orders
  std::deque<Due> due;                // by time
  std::set<Interrupted> interrupted;  // attempts to count before they are asked for
  Clock::TimerId timer = 0;           // for the first of `due`
  Clock::TimerId probe_timer = 0;     // for the next probe of its quotes
  SteadyTime timer_at{};
  bool asking = false;           // one find() at a time
  std::uint32_t unanswered = 0;  // find() calls since its last answer
  SteadyTime ask_from{};         // back-off after them
  PriceIndex resting;            // orders that wait for a price, by the one that suffices here
  // The last order of `resting` that was looked at although its price has not come.
  std::unordered_map<Pair, PriceIndex::Position, PairHash> looked;
  std::vector<PoolPrice> pools;  // the newest price of each, by its number
  bool halted = false;           // a halt covers the venue: no order acts at its prices

  struct Breaker {
    CircuitBreaker circuit;
    std::string last_error;  // of the last failure
  };
  std::array<Breaker, 2> breakers;  // of VenueMetrics::quote and submit

  CircuitBreaker::State breaker_state(VenueMetrics::Call call) const {
    return breakers[call].circuit.state();
  }
  // The reason why the breaker allows no call: since when it is not closed, and when it allows a
  // probe. Empty: it allows one. `wall`: the same moment as `now`.
  std::optional<Error> refusal(VenueMetrics::Call call, SteadyTime now, WallTime wall) const;
  // REQUIRES: the breaker allows it.
  void begin(VenueMetrics::Call call, SteadyTime now);
  // The call that began then is not made after all.
  void unsent(VenueMetrics::Call call, SteadyTime began) { breakers[call].circuit.unsent(began); }
  // true: the breaker was not closed and is now.
  bool succeeded(VenueMetrics::Call call, SteadyTime began);
  void failed(VenueMetrics::Call call, SteadyTime began, SteadyTime now, std::string_view error);
};

// An error of a call that counts for the venue's breaker. Others are lawful answers.
inline bool is_venue_failure(const Error& error) {
  return error.code == Errc::timeout || error.code == Errc::unavailable;
}

}  // namespace oee
