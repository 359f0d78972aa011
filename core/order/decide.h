// Decisions: the events that follow from a command or from a venue's report, given the current
// state of an order. Pure: time and randomness are parameters; no I/O. Any thread. All numbers of
// the retry policy are here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/order/command.h"
#include "core/order/halts.h"
#include "core/order/order.h"

namespace oee {

// --- Commands ------------------------------------------------------------------------------------

// OrderAccepted, with the command's fingerprint.
Event decide(PlaceOrder command);
// The event of a change of this order, whether or not it is legal now.
// Of a cancel: OrderCancelled. It has the same key and fingerprint as CancelRequested.
Event event_of(const OrderId& order, const CancelOrder& command);
Event event_of(const OrderId& order, const RequeueDeadLetter& command);
Event event_of(const OrderId& order, const DiscardDeadLetter& command);
Event event_of(const OrderId& order, const ResolveOutcome& command);
Event event_of(const OrderId& order, const AmendOrder& command);
// OrderCancelled, or CancelRequested while an attempt is live. conflict: the order has ended, or
// its cancel is requested already; the detail names which. A command with a key is then an event
// all the same, which binds its key.
Result<Event> decide(const Order& order, const CancelOrder& command);
// OrderAmended. conflict: an attempt is live, the order has ended, or the trigger price of an order
// that was triggered would change. invalid: the order cannot have such a term; the detail names it.
// An order that is bound to a quote keeps its amount, and its floor does not fall. The caller
// compares the version.
Result<Event> decide(const Order& order, const AmendOrder& command);
// DeadLetterRequeued, DeadLetterDiscarded. conflict: the order has not failed, or it is discarded.
Result<Event> decide(const Order& order, const RequeueDeadLetter& command);
Result<Event> decide(const Order& order, const DiscardDeadLetter& command);
// OutcomeResolved, the end of its leg, and the attempt's end: OrderConfirmed, OrderPartiallyFilled
// for a part, or OrderFailed(attempt_expired): only an operator's requeue of that dead letter
// trades again. An order past its expiry expires instead, an immediate or cancelled one is
// cancelled. Of a split attempt the end follows that of its last leg, and OrderFailed also a fill.
// conflict: no attempt is live, or another one. invalid: the transaction is not the one that was
// submitted, the output is below the attempt's min_out, or a sum exceeds 64 bits; the detail begins
// with the member. With exact_out the command has the input that was taken, at most the attempt's.
// REQUIRES: the engine does not ask the venue for the attempt.
Result<std::vector<Event>> decide(const Order& order, const ResolveOutcome& command, WallTime now);

// TradingHalted, TradingResumed, whether or not they are legal now.
Event event_of(HaltTrading command);
Event event_of(ResumeTrading command);
// The reason to refuse such an event. not_found: no such halt is in force. full: too many are.
Result<void> check_trading(const Halts& halts, const Event& event);

// --- The executor's next step --------------------------------------------------------------------

inline constexpr std::uint32_t interruptions_max = 5;
// A start finds a live attempt whose newest record is that old: an earlier start may have asked for
// it and ended. Attempts end within 3 s and a restart takes 2 s: a usual restart counts none.
inline constexpr Micros ask_interrupted_after{5'000'000};

enum class Step : std::uint8_t {
  none,     // the order has ended
  wait,     // for its price or trigger, until retry_at, or until more of it is due
  rest,     // nothing of it is due: append OrderRested
  trigger,  // append OrderTriggered, or OrderRested while its trigger is not there
  expire,   // expires_at has passed and no attempt is live: append OrderExpired
  give_up,  // the fifth interruption of one attempt: append OrderFailed(interrupted)
  // get quotes, then append RoutingStarted (unless it is there), RouteSelected, TransactionBuilt
  route,
  submit,  // this process has just appended TransactionBuilt: submit it to the venue
  ask,     // an attempt is live and its outcome is open: look it up at the venue, by its id
};

// `resumed`: this is the order's first step since the process started, so this process has neither
// counted an interruption of it nor submitted its attempt.
Step next_step(const Order& order, WallTime now, bool resumed);

// A start counts such a live attempt, by OutcomeUnknown(interrupted), before it asks for it.
bool counts_interruption(const Order& order, WallTime now);
// Five starts in a row ended when they asked for the live attempt. Its money may be in flight, so
// it is no dead letter, and no start asks for it any more.
bool is_left_alone(const Order& order);

// --- Routing -------------------------------------------------------------------------------------

// The attempt number of this order's next RoutingStarted.
Attempt attempt_to_start(const Order& order);

// The least output for which `amount` of the order may be sold now, 0: none. The greatest of
// - the order's limit price times the amount;
// - without a limit price the amount's share of the *first* chosen quote, less slippage, unless it
//   is a twap order: its slices are of their own time, and each has its own quote;
// - the amount's share of min_out_floor.
// Each is rounded up. Of an order with exact_out: that amount.
// REQUIRES: 0 < amount <= order.remaining().
Units least_out(const Order& order, Units amount);

// The share of `whole` that `part` has of `all`, rounded up; 2^64 - 1 when it exceeds 64 bits.
// REQUIRES: all > 0, unless part == all.
Units share_of(Units whole, Units part, Units all);

// The most input that the exact output of an order may take now. The least of
// - the order's amount;
// - the output divided by the limit price;
// - without a limit price the input of the *first* chosen quote, plus slippage.
// Each is rounded down. A slippage of 10,000 bps is no bound. REQUIRES: order.exact_out.
Units most_in(const Order& order);

// The quoted input of an exact output plus slippage, rounded down. 10,000 bps: 2^64 - 1, no bound.
Units max_in_of(Units quoted_in, std::uint32_t slippage_bps);

// The input for which an output has this price, rounded down; 2^64 - 1 when it exceeds 64 bits.
// REQUIRES: price.units > 0.
Units input_at(Decimal price, Decimal amount_out, std::uint8_t input_decimals);

// Whether the order may wait for min_out_floor. A floor of 2^64 - 1 units is more than there is of
// any token: a market order with it is built at once, refused for its slippage, and fails after its
// attempts.
bool may_be_quoted(const Order& order);

// The output of `amount_in` at a price, rounded up. full: it exceeds 64 bits.
Result<Units> output_at(Decimal price, Decimal amount_in, std::uint8_t output_decimals);

// An order of which `due` may be sold takes no smaller part of it than this, so that a price that
// hovers at the limit does not fill it in crumbs. `due`: it takes no part. An ioc order takes any
// part; the last part may be smaller.
Units least_part(const Order& order, Units due);

// An order without a limit price waits for a quote until then: its expires_at, else quote_wait
// after it was accepted, triggered or requeued. After that it expires.
inline constexpr Micros quote_wait{60'000'000};
WallTime quote_deadline(const Order& order);

// The order's next event when no venue quotes its least output.
enum class WithoutQuote : std::uint8_t {
  wait,    // AttemptFailed(no_quote), until quote_deadline()
  rest,    // OrderRested, until the price is there
  cancel,  // OrderCancelled: the order is immediate
};
WithoutQuote without_quote(const Order& order);

// TransactionBuilt for the chosen quote. min_out is the greatest of that quote less slippage and
// least_out(): retries never loosen the user's price limit, and a better market tightens it. An
// order with a limit price and without slippage has 10,000 bps: its limit alone counts.
// With exact_out min_out is that amount, and amount_in is the lesser of that quote plus slippage
// and most_in().
// REQUIRES: the quote is at least least_out() of its amount, or not may_be_quoted(). With
// exact_out: the quote's input is at most most_in().
TransactionBuilt build_transaction(const Order& order, Attempt attempt, const VenueQuote& chosen,
                                   std::uint64_t valid_until_height);

// The chosen quote of a leg.
struct LegQuote {
  VenueQuote quote;  // has its amount_in
  std::uint64_t valid_until_height = 0;
};
// TransactionBuilt with the sums and a LegBuilt for each quote, as of build_transaction(): each leg
// holds the order's price limit by itself. REQUIRES: 2..legs_max quotes, the largest amount_in
// first; their amounts add up to at most order.remaining(); not order.exact_out.
std::vector<Event> build_legs(const Order& order, Attempt attempt, std::span<const LegQuote> legs);
// Whether the order's next attempt may be split: it may trade in parts, as legs end by themselves,
// and no leg of an earlier split has failed.
bool may_be_split(const Order& order);

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
  Micros venue_delay{0};  // the delay that a rate-limiting venue named; 0: none; of no leg
};

// AttemptFailed with its retry time; OrderFailed after the last attempt, or when the policy of the
// error allows no retry. At or after the order's expiry, of an immediate order and after
// CancelRequested always AttemptFailed: end_of_rest() follows. `random` is 64 random bits for the
// jitter.
Event end_attempt(const Order& order, const AttemptEnd& end, const RetryRules& rules, WallTime now,
                  std::uint64_t random);

// A settled attempt, as the venue or an operator states it.
struct AttemptFill {
  TxHash tx_hash{};
  // Of an order with exact_out; 0: not known, the most that it may have taken counts. Others sell
  // the built amount.
  Units amount_in = 0;
  Units amount_out = 0;
  Units fee = 0;  // in input units
};

// OrderConfirmed with the executed price and the realised slippage of this fill, or
// OrderPartiallyFilled when something remains. The slippage is that against the order's first
// quote; of a twap order, against the quote of this fill; with exact_out that of the input.
Event settle(const Order& order, const AttemptFill& fill);

// LegFilled of a leg of the live attempt.
Event settle_leg(const Order& order, LegIndex leg, const AttemptFill& fill);
// The end of a split attempt: settle() of the sums of its filled legs. When none is filled,
// end_attempt() with the error of the first leg whose policy allows a retry, else of leg 0. After
// an operator's statement that a leg never settled the order has failed, and OrderFailed follows a
// fill of a part. `venue_delay`: the longest one that a venue named for a leg, as in AttemptEnd.
// REQUIRES: order.legs_ended().
std::vector<Event> end_of_legs(const Order& order, Micros venue_delay, const RetryRules& rules,
                               WallTime now, std::uint64_t random);

// The output and the fee that another fill of the order may have: the sums of the order's fills,
// and of the filled legs of its live attempt, have 64 bits.
struct FillsRoom {
  Units amount_out = 0;
  Units fee = 0;
};
FillsRoom room_for_fills(const Order& order);

// After the end of an attempt: the event that ends the rest of the order now. Empty: it goes on.
std::optional<Event> end_of_rest(const Order& order, WallTime now);

}  // namespace oee
