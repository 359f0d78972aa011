// Venue seam: a place that quotes and trades. One instance per shard loop; calls are made and
// resumed on that loop's thread.
//
// Laws:
// - submit is idempotent per venue order id, for ever: the same id never trades twice.
// - Only settled, rejected, expired and cancelled are ends. A reported end never changes.
// - `not_found` is never a proof: the same id is submitted again while it is valid.
// - cancel leaves a durable tombstone (cancelled), unless the id has ended otherwise. A later
//   submit of that id is refused.
// - Validity is counted in the venue's height and decided by the venue: above valid_until_height an
//   id that has not settled never will.
// - An error of the call itself (timeout, unavailable) is no evidence of the order's status.
// - A call may take any time. Its caller waits for a limited time and takes a later answer as a
//   report.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/task.h"
#include "core/order/event.h"
#include "core/seams/prices.h"

namespace oee {

struct QuoteRequest {
  Token input;
  Token output;
  Units amount_in = 0;
  // When the whole amount is paid less than least_out, the quote is of the largest part of it that
  // is paid its share of least_out and leaves at least part_min, if it is at least part_min: a rest
  // of few units may be worth less than one unit of the output. part_min 0: of the whole only.
  Units least_out = 0;
  Units part_min = 0;
  // Above 0: the quote is of the least input that yields at least so much, however much that is.
  // The amounts above do not count then.
  Units exact_out = 0;
  // Not empty: the quote is of a trade through these pools, one after another, of the whole amount.
  // REQUIRES: part_min and exact_out are 0 then.
  HopPath path;
};

struct Quote {
  // The amount that is quoted: the request's or a part of it, or the least input of exact_out.
  Units amount_in = 0;
  Units amount_out = 0;  // at least exact_out
  // In input units. Along a path the fee of each later pool counts at the price of the part of the
  // path before it, rounded up.
  Units fee = 0;
  std::uint32_t price_impact_bps = 0;
  std::uint64_t height = 0;  // now
  // a transaction built on this quote is valid until height + valid_for
  std::uint64_t valid_for = 150;
};

struct VenueOrder {
  VenueOrderId id;
  Token input;
  Token output;
  Units amount_in = 0;
  Units min_out = 0;
  std::uint64_t valid_until_height = 0;
  // Takes the least input that yields min_out. When that is more than amount_in, the order is
  // rejected as slippage_exceeded. false: takes amount_in.
  bool exact_output = false;
  // Not empty: it trades through these pools, all or nothing; min_out counts at the end. A path
  // that does not trade is rejected as slippage_exceeded: another one may. Empty: through one pool
  // of the pair. REQUIRES: empty with exact_output.
  HopPath path;
};

enum class VenueStatus : std::uint8_t {
  accepted,  // taken and in flight; not an end
  settled,
  rejected,
  expired,
  cancelled,
  not_found,
};
std::string_view to_string(VenueStatus status);

struct VenueReport {
  VenueStatus status = VenueStatus::not_found;
  TxHash tx_hash;         // accepted, settled
  Units amount_in = 0;    // settled: the input that was taken
  Units amount_out = 0;   // settled
  Units fee = 0;          // settled, input units
  ErrorClass refusal{};   // rejected: the class of the reason
  std::string detail;     // rejected, expired, cancelled: the reason
  Micros retry_after{0};  // rejected with rate_limited
};

struct VenueOrderRef {
  VenueOrderId id;
  std::uint64_t valid_until_height = 0;  // lets the venue report `expired` for an unknown id
};

// Called on the loop's thread, by a job of the loop.
using VenueReportSink = std::function<void(const VenueOrderId&, const VenueReport&)>;

class Venue : public Prices {
 public:
  static constexpr std::size_t find_max = 256;
  virtual std::string_view name() const = 0;

  // No side effect. invalid: no such pair or path; full: its pools have too little; unavailable,
  // timeout.
  virtual Task<Result<Quote>> quote(QuoteRequest request) = 0;
  // settled, rejected, expired, cancelled, or accepted when it takes time. timeout, unavailable:
  // the outcome is unknown.
  virtual Task<Result<VenueReport>> submit(VenueOrder order) = 0;
  // The reports about `refs` as of now, in their order; accepted: found, in flight. It waits for no
  // end. REQUIRES: 1..find_max refs.
  virtual Task<Result<std::vector<VenueReport>>> find(std::vector<VenueOrderRef> refs) = 0;
  // settled, rejected, expired or cancelled.
  virtual Task<Result<VenueReport>> cancel(VenueOrderRef ref) = 0;
  // From now on the end of an order that was accepted is reported to `sink`, best effort: find()
  // gets an end whose report is lost. A report may come before the answer to the submit, and it may
  // come twice. An empty `sink`: to nobody.
  virtual void report_to(VenueReportSink sink) = 0;
};

}  // namespace oee
