// VenueDesk: the executor's dealings with one venue: the live attempts there, when each is asked
// for, and whether its quotes come in time. Owned by the executor; loop's thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <compare>
#include <deque>
#include <set>

#include "core/exec/executor_metrics.h"
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
  VenueDesk(Venue& the_venue, VenueMetrics& its_metrics) : venue(the_venue), metrics(its_metrics) {}

  // A live attempt that is asked for at this time. It may have ended, or have another time now.
  struct Due {
    SteadyTime at;
    OrderId order;
    Attempt attempt;
  };

  Venue& venue;
  VenueMetrics& metrics;
  boost::unordered_flat_map<VenueOrderId, OrderId, IdHash> live;  // the attempts, with their orders
  std::deque<Due> due;                                            // by time
  std::set<Interrupted> interrupted;  // attempts to count before they are asked for
  Clock::TimerId timer = 0;           // for the first of `due`
  SteadyTime timer_at{};
  bool asking = false;           // one find() at a time
  std::uint32_t unanswered = 0;  // find() calls since its last answer
  SteadyTime ask_from{};         // back-off after them
  // After a quote that did not come in time, one call at a time asks for the next: orders do not
  // wait for a silent venue. A call counts for half a minute: one that never ends must not shut the
  // venue out.
  static constexpr Micros quote_call_max{30'000'000};
  bool quotes_overdue = false;
  std::uint32_t quotes_asked = 0;  // calls under way
  SteadyTime quote_asked_at{};     // the newest call
  PriceIndex resting;              // orders that wait for a price, by the one that suffices here
  std::vector<PoolPrice> pools;    // the newest price of each, by its number
  bool halted = false;             // a halt covers the venue: no order acts at its prices
};

}  // namespace oee
