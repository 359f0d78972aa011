// What the venues answer to a batch of requests: the pure heart of the paper exchange. No storage,
// no clock, no thread: equal requests on an equal state at equal times give equal entries.
#pragma once

#include <optional>
#include <vector>

#include "core/venue/paper/ledger/ledger.h"
#include "core/venue/paper/market.h"

namespace oee {

struct VenueRequest {
  enum class Kind : std::uint8_t { submit, find, cancel };
  Kind kind = Kind::find;
  std::size_t venue = 0;       // number in the registry
  VenueOrder order;            // find and cancel: the id and valid_until_height only
  bool reject = false;         // a fault: refused as venue_unavailable
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

// Handles `requests` in order and folds what happened into `state`. known[i] is the stored entry
// that ended requests[i]'s id, if any. An id that has ended, in the store or earlier in the batch,
// gets its old answer again. Every end that is said for the first time is an entry, also `expired`.
SettledBatch settle(const Market& market, LedgerState& state,
                    const std::vector<VenueRequest>& requests,
                    const std::vector<std::optional<JournalEntry>>& known, VenueTimePoint moment);

// The answer that an ended id gets, for ever. REQUIRES: ended_id(entry).
VenueReport report_of(const JournalEntry& entry);

}  // namespace oee
