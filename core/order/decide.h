// Decisions: what events follow from a command or a venue's report, given an order as it stands.
// Pure: no clock, no I/O, no randomness but what is passed in. All numbers of the retry policy are
// here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/order/command.h"
#include "core/order/order.h"

namespace oee {

// --- Commands ------------------------------------------------------------------------------------

Event decide(PlaceOrder command);
// conflict: an attempt is live, or the order has ended (detail says which).
Result<Event> decide(const Order& order, const CancelOrder& command);
// conflict: the order is not a dead letter (not failed, or discarded).
Result<Event> decide(const Order& order, const RequeueDeadLetter& command);
Result<Event> decide(const Order& order, const DiscardDeadLetter& command);

// --- The executor's next step --------------------------------------------------------------------

inline constexpr std::uint32_t interruptions_max = 5;

enum class Step : std::uint8_t {
  none,     // the order has ended
  wait,     // pending, and retry_at is in the future
  expire,   // expires_at has passed and no attempt is live: append OrderExpired
  give_up,  // the fifth interruption of one attempt: append OrderFailed(interrupted)
  route,    // ask for quotes, then RoutingStarted? RouteSelected TransactionBuilt
  submit,   // TransactionBuilt by this process just now: call the venue
  ask,      // an attempt is live and its fate is open: ask the venue by its id
};

// `resumed`: this is the first look at the order after a start (nobody in this process called the
// venue).
Step next_step(const Order& order, WallTime now, bool resumed);

// --- Routing -------------------------------------------------------------------------------------

// The attempt that a new RoutingStarted of this order carries.
Attempt attempt_to_start(const Order& order);

// TransactionBuilt for the chosen quote. min_out derives from the order's *first* chosen quote, so
// that re-quoting never widens what the user tolerates, and never goes below min_out_floor.
TransactionBuilt build_transaction(const Order& order, Attempt attempt, const VenueQuote& chosen,
                                   std::uint64_t valid_until_height);

// --- Ends of an attempt --------------------------------------------------------------------------

struct RetryRules {
  std::uint32_t attempts_max = 3;
  Micros backoff{2'000'000};  // before attempt n+1: backoff * 2^(n-1), plus up to 20 % jitter
};

struct RetryPolicy {
  bool retry;
  enum class Delay : std::uint8_t { backoff, as_venue_says } delay;
};
RetryPolicy retry_policy(ErrorClass error);

struct AttemptEnd {
  ErrorClass error = ErrorClass::venue_unavailable;
  std::string detail;
  Micros venue_delay{0};  // what a rate-limiting venue asked for
};

// AttemptFailed with its retry time, or OrderFailed on the last attempt or where no retry helps.
// `random` is 64 random bits for the jitter.
Event end_attempt(const Order& order, const AttemptEnd& end, const RetryRules& rules, WallTime now,
                  std::uint64_t random);

// OrderConfirmed with price and realised slippage.
OrderConfirmed confirm(const Order& order, const TxHash& tx_hash, Units amount_out, Units fee);

}  // namespace oee
