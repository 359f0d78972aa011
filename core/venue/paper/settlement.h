// The rules of the simulated exchange: the answers to a batch of requests, and the journal entries
// that they need. Pure: no storage, no clock, no thread. Equal requests on an equal state at equal
// times give equal entries.
#pragma once

#include <optional>
#include <vector>

#include "core/venue/paper/ledger/ledger.h"
#include "core/venue/paper/market.h"
#include "core/venue/paper/shape_trades.h"

namespace oee::paper {

struct VenueRequest {
  enum class Kind : std::uint8_t { submit, find, cancel };
  Kind kind = Kind::find;
  std::size_t venue = 0;       // number in the registry
  VenueOrder order;            // find and cancel: the id and valid_until_height only
  bool reject = false;         // a fault: rejected with venue_unavailable
  std::uint32_t move_bps = 0;  // a fault: the price moves by this much first
};

struct VenueTimePoint {
  std::uint64_t height = 0;
  WallTime time{};
};

struct SettledBatch {
  std::vector<JournalEntry> entries;  // to commit before anything is answered
  std::vector<VenueReport> reports;   // one for each request
};

// Handles `requests` in order at the time `now` and folds the new entries into `state`. known[i] is
// the stored entry that ended the id of requests[i], if there is one. An id that has ended, in the
// store or earlier in the batch, gets the same answer again. Every end that is reported for the
// first time is an entry, `expired` included.
SettledBatch settle(const Market& market, LedgerState& state,
                    const std::vector<VenueRequest>& requests,
                    const std::vector<std::optional<JournalEntry>>& known, VenueTimePoint now);

// The trades of the arbitrage account that the reference prices at `now` call for in the pools of
// `venue`, as entries to commit. They are those that settle() makes before a trade of an order, so
// that prices move also while nobody trades. Folds them into `state`.
std::vector<JournalEntry> follow_reference(const Market& market, LedgerState& state,
                                           std::size_t venue, VenueTimePoint now);

struct MovedMarket {
  std::vector<JournalEntry> entries;  // to commit before anything is answered
  std::vector<SpotPrice> prices;      // after the move, one for each leg, in its direction
};

// Moves the pools of `legs` to the price of `out` units of the output for `in` units of the input,
// by trades of the arbitrage account, and sets their references so that each price walk goes on
// from there. Folds the entries into `state`. full: a pool does not reach the price; `state` is
// then unchanged. REQUIRES: out > 0, in > 0, different pools.
Result<MovedMarket> move_market(const Market& market, LedgerState& state,
                                const std::vector<Market::Leg>& legs, Units out, Units in,
                                VenueTimePoint now);

// Sets the reference of a pool that was just opened at `price`, units of b for units of a, as an
// entry to commit, so that its price walk begins there. Folds it into `state`. REQUIRES: `market`
// was made with the pool.
JournalEntry begin_walk(const Market& market, LedgerState& state, PoolId pool,
                        const SpotPrice& price, VenueTimePoint now);

// The answer that an ended id gets for ever. REQUIRES: ended_id(entry) is not null.
VenueReport report_of(const JournalEntry& entry);

}  // namespace oee::paper
