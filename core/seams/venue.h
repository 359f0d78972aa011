// Venue seam: a place that quotes and trades. One instance per shard loop; calls are made and
// resumed on that loop's thread.
//
// Laws:
// - submit is idempotent per venue order id, for ever: the same id never trades twice.
// - Only settled, refused, expired and dead are ends. An end that was reported never changes.
// - `not_seen` is never a proof: the same id is submitted again while it is valid.
// - cancel leaves a durable tombstone (dead), unless the id has ended otherwise. A later submit of
//   that id is refused.
// - Validity is the venue's height, judged by the venue: above valid_until_height an id that has
//   not settled never will.
// - An error of the call itself (timeout, unavailable) is no evidence of the order's fate.
#pragma once

#include <string>
#include <string_view>

#include "core/base/task.h"
#include "core/order/event.h"

namespace oee {

struct QuoteRequest {
  Token input;
  Token output;
  Units amount_in = 0;
};

struct Quote {
  Units amount_out = 0;
  Units fee = 0;  // in input units
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
};

enum class Fate : std::uint8_t {
  accepted,  // taken and in flight; not an end
  settled,
  refused,
  expired,
  dead,
  not_seen,
};
std::string_view to_string(Fate fate);

struct VenueReport {
  Fate fate = Fate::not_seen;
  TxHash tx_hash;         // accepted, settled
  Units amount_out = 0;   // settled
  Units fee = 0;          // settled, input units
  ErrorClass refusal{};   // refused
  std::string detail;     // refused, expired, dead: why
  Micros retry_after{0};  // refused with rate_limited
};

struct VenueOrderRef {
  VenueOrderId id;
  std::uint64_t valid_until_height = 0;  // lets the venue say `expired` of an id it never saw
};

class Venue {
 public:
  virtual ~Venue() = default;
  virtual std::string_view name() const = 0;

  // No side effect. invalid: no such pair; unavailable, timeout.
  virtual Task<Result<Quote>> quote(QuoteRequest request) = 0;
  // settled, refused, expired, dead, or accepted when it takes time. timeout, unavailable: the fate
  // is unknown.
  virtual Task<Result<VenueReport>> submit(VenueOrder order) = 0;
  // Waits up to `wait` for an end, then answers accepted (seen, in flight) or not_seen.
  virtual Task<Result<VenueReport>> find(VenueOrderRef ref, Micros wait) = 0;
  // settled, refused, expired or dead.
  virtual Task<Result<VenueReport>> cancel(VenueOrderRef ref) = 0;
};

}  // namespace oee
