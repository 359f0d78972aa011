// Decisions: the events that follow from a command or from a venue's report, given the current
// state of an order. Pure: time and randomness are parameters; no I/O. Any thread. All numbers of
// the retry policy are here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/order/command.h"
#include "core/order/order.h"

namespace oee {

// --- Commands ------------------------------------------------------------------------------------

// OrderAccepted, with the command's fingerprint.
Event decide(PlaceOrder command);
// The event of a change of this order, whether or not it is legal now.
Event event_of(const OrderId& order, const CancelOrder& command);
Event event_of(const OrderId& order, const RequeueDeadLetter& command);
Event event_of(const OrderId& order, const DiscardDeadLetter& command);
Event event_of(const OrderId& order, const ResolveOutcome& command);
// OrderCancelled. conflict: an attempt is live, or the order has ended; the detail names which.
Result<Event> decide(const Order& order, const CancelOrder& command);
// DeadLetterRequeued, DeadLetterDiscarded. conflict: the order has not failed, or it is discarded.
Result<Event> decide(const Order& order, const RequeueDeadLetter& command);
Result<Event> decide(const Order& order, const DiscardDeadLetter& command);
// OutcomeResolved and the attempt's end: OrderConfirmed, or OrderFailed(attempt_expired): only an
// operator's requeue of that dead letter trades again. An order past its expiry expires instead.
// conflict: no attempt is live, or another one. invalid: the transaction is not the one that was
// submitted, or the output is below the attempt's min_out. REQUIRES: the engine does not ask the
// venue for the attempt.
Result<std::vector<Event>> decide(const Order& order, const ResolveOutcome& command, WallTime now);

// --- The executor's next step --------------------------------------------------------------------

inline constexpr std::uint32_t interruptions_max = 5;
// A start finds a live attempt whose newest record is that old: an earlier start may have asked for
// it and ended. Attempts end within 3 s and a restart takes 2 s: a usual restart counts none.
inline constexpr Micros ask_interrupted_after{5'000'000};

enum class Step : std::uint8_t {
  none,     // the order has ended
  wait,     // pending, and retry_at is in the future
  expire,   // expires_at has passed and no attempt is live: append OrderExpired
  give_up,  // the fifth interruption of one attempt: append OrderFailed(interrupted)
  // get quotes, then append RoutingStarted (unless it is there), RouteSelected, TransactionBuilt
  route,
  submit,  // this process has just appended TransactionBuilt: submit it to the venue
  ask,     // an attempt is live and its outcome is open: look it up at the venue, by its id
};

// `resumed`: this is the order's first step since the process started, so this process has not
// submitted its attempt.
Step next_step(const Order& order, WallTime now, bool resumed);

// A start counts such a live attempt, by OutcomeUnknown(interrupted), before it asks for it.
bool counts_interruption(const Order& order, WallTime now);
// Five starts in a row ended when they asked for the live attempt. Its money may be in flight, so
// it is no dead letter, and no start asks for it any more.
bool is_left_alone(const Order& order);

// --- Routing -------------------------------------------------------------------------------------

// The attempt number of this order's next RoutingStarted.
Attempt attempt_to_start(const Order& order);

// The least output for which the order may be built now: the greater of its *first* chosen quote
// less slippage and min_out_floor. 0: it has neither yet.
Units least_out(const Order& order);

// Whether a wait can bring least_out(). A floor of 2^64 - 1 units is more than there is of any
// token: the order is built at once, refused for its slippage, and fails after its attempts.
bool may_be_quoted(const Order& order);

// The order waits for a quote until then: its expires_at, else quote_wait after it was accepted or
// requeued. After that it expires.
inline constexpr Micros quote_wait{60'000'000};
WallTime quote_deadline(const Order& order);

// TransactionBuilt for the chosen quote. min_out is the greatest of that quote less slippage and
// least_out(): retries never loosen the user's price limit, and a better market tightens it.
// REQUIRES: the quote is at least least_out(), or the order may not be quoted so much.
TransactionBuilt build_transaction(const Order& order, Attempt attempt, const VenueQuote& chosen,
                                   std::uint64_t valid_until_height);

// --- Ends of an attempt --------------------------------------------------------------------------

struct RetryRules {
  std::uint32_t attempts_max = 3;
  Micros backoff{2'000'000};  // before attempt n+1: backoff * 2^(n-1), plus up to 20 % jitter
  // Between two requests for quotes: doubled from the least to the most, plus up to 20 % jitter.
  Micros quote_backoff_min{250'000};
  Micros quote_backoff_max{5'000'000};
  // The limits of a delay that a venue names.
  Micros venue_delay_min{250'000};
  Micros venue_delay_max{60'000'000};
};
// Before the next request for quotes, after so many without a usable one.
Micros quote_backoff(std::uint32_t tries, const RetryRules& rules, std::uint64_t random);

struct RetryPolicy {
  bool retry;
  enum class Delay : std::uint8_t { backoff, named_by_venue } delay;
};
RetryPolicy retry_policy(ErrorClass error);

struct AttemptEnd {
  ErrorClass error = ErrorClass::venue_unavailable;
  std::string detail;
  Micros venue_delay{0};  // the delay that a rate-limiting venue named; 0: none
};

// AttemptFailed with its retry time; OrderFailed after the last attempt, or when the policy of the
// error allows no retry. At or after the order's expiry always AttemptFailed: OrderExpired follows.
// `random` is 64 random bits for the jitter.
Event end_attempt(const Order& order, const AttemptEnd& end, const RetryRules& rules, WallTime now,
                  std::uint64_t random);

// OrderConfirmed with the executed price and the realised slippage.
OrderConfirmed confirm(const Order& order, const TxHash& tx_hash, Units amount_out, Units fee);

}  // namespace oee
