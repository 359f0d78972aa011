// Events: the recorded steps of an order, as the log stores them. Values; any thread. Their fields
// have the order and the meaning of schemas/order_event.fbs. lifecycle.h defines which event is
// legal when.
//
// Events with text are templates over the type of the text. Event and Record own their strings;
// they are kept and passed on. BorrowedEvent and BorrowedRecord hold views of the bytes that they
// were read from and are valid as long as those bytes; they serve folds of millions of records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/fixed_text.h"
#include "core/base/time.h"
#include "core/order/ids.h"

namespace oee {

using Symbol = FixedText<15>;     // token symbol, "SOL"
using VenueName = FixedText<15>;  // lower case, "raydium"

using PoolName = FixedText<44>;  // unique among all venues: an address, or a name

struct Token {
  Symbol symbol;
  std::uint8_t decimals = 0;  // 0..18; base units per token = 10^decimals
  friend bool operator==(const Token&, const Token&) = default;
};

// One pool of a path, and the token that comes out of it.
struct Hop {
  PoolName pool;
  Symbol output;
  friend bool operator==(const Hop&, const Hop&) = default;
};
// The pools of one venue through which one transaction trades, one after another. Empty: one pool
// of the pair, of the venue's choice.
using HopPath = std::vector<Hop>;
inline constexpr std::size_t hops_max = 3;
std::string to_text(const HopPath& path);  // "raydium-3>USDT>raydium-5"; empty for no path

// A leg is one transaction. Most attempts are of one. The legs of a split attempt trade beside each
// other; a leg's index is its position among them, and leg 0 sells the most.
using LegIndex = std::uint8_t;
inline constexpr std::size_t legs_max = 4;  // of one attempt

enum class OrderType : std::uint8_t {
  market,  // trades at the price of the market, within its slippage
  limit,   // never trades below its limit price; it rests until the market reaches it
  stop,    // rests until the spot price crosses its trigger; then a market or a limit order
  sniper,  // rests until a pool of its pair is open; then a market or a limit order
  twap,    // sells its amount in equal slices over time
};
inline constexpr OrderType order_type_last = OrderType::twap;

// The side of its trigger price on which a stop order trades.
enum class TriggerWhen : std::uint8_t {
  at_or_below,  // a stop loss
  at_or_above,  // a take profit
};
inline constexpr TriggerWhen trigger_when_last = TriggerWhen::at_or_above;

// Of a stop order, which has it.
struct TriggerTerms {
  Decimal price;  // output per input, compared with the spot price
  TriggerWhen when = TriggerWhen::at_or_below;
  friend bool operator==(const TriggerTerms&, const TriggerTerms&) = default;
};
// Of a twap order, which has them.
struct SliceTerms {
  std::uint32_t count = 0;             // 2..1000
  Micros interval{0};                  // between the first times of two slices
  std::uint8_t randomize_percent = 0;  // of the interval, by which a slice may be late; 0..100
  friend bool operator==(const SliceTerms&, const SliceTerms&) = default;
};

// The terms that one order type has.
struct TypeTerms {
  std::optional<TriggerTerms> trigger;
  std::optional<SliceTerms> slices;
  // Of a sniper order, which may have it: the output tokens that the pool holds; scale ==
  // output.decimals.
  std::optional<Decimal> min_liquidity;
  friend bool operator==(const TypeTerms&, const TypeTerms&) = default;
};

// How long an order trades.
enum class TimeInForce : std::uint8_t {
  by_type,  // a market order: until quote_deadline() in decide.h
  gtc,      // good till cancelled
  gtt,      // good till expires_at
  ioc,      // immediate or cancel: one attempt fills as much as it can, the rest is cancelled
  fok,      // fill or kill: one attempt fills all, or the order is cancelled
};
inline constexpr TimeInForce time_in_force_last = TimeInForce::fok;

// The reason why an attempt or an order failed. retry_policy() in decide.h has the policy of each.
enum class ErrorClass : std::uint8_t {
  slippage_exceeded,  // the venue would have given less than min_out
  venue_unavailable,  // no venue returned a quote, or the venue refuses for now
  rate_limited,       // the venue named a delay
  invalid_order,      // the venue can never take this order
  no_liquidity,       // no pool, or the trade rounds to zero
  attempt_expired,  // the transaction's validity (venue height) passed without a settlement, or an
                    // operator states that it never settled and never will
  attempt_cancelled,  // the venue holds a tombstone for it
  interrupted,        // five restarts interrupted the same attempt
  no_quote,  // no venue quotes at least min_out now: the order waits, nothing was attempted
};
inline constexpr ErrorClass error_class_last = ErrorClass::no_quote;

// The client's own marks of an order.
inline constexpr std::size_t tags_max = 8;
inline constexpr std::size_t tag_bytes_max = 32;

template <class Text>
struct OrderAcceptedOf {
  Text account;           // authenticated principal, "default" when access is off
  Text idempotency_key;   // empty: none
  Text client_order_id;   // empty: none
  Hash256 fingerprint{};  // of the canonical command, see fingerprint_of() in command.h
  Token input;
  Token output;
  Decimal amount_in;  // scale == input.decimals; with exact_out the most that may be sold
  std::uint32_t slippage_bps = 100;
  OrderType type = OrderType::market;
  std::optional<WallTime> expires_at;
  std::optional<Units> min_out_floor;  // the user's own least output; empty: none
  // No TransactionBuilt has a time at or after expires_at. false: a program without this rule
  // accepted the order
  bool expires_by_log_time = false;
  TimeInForce time_in_force = TimeInForce::by_type;
  std::optional<Decimal> limit_price;  // least output per input; a limit order has one
  bool allow_partial = false;          // an attempt may fill a part of what remains
  TypeTerms type_terms;
  std::vector<Text> tags;  // at most tags_max, each of 1..tag_bytes_max bytes
  // Of the answer of GET /v1/quote that it is bound to; min_out_floor is at least that answer's
  // output, or with exact_out amount_in at most that answer's input. Empty: none
  Text quote_id;
  // The order sells the least input that yields so many units of the output. Empty: it sells
  // amount_in.
  std::optional<Units> exact_out;
};
using OrderAccepted = OrderAcceptedOf<std::string>;

struct RoutingStarted {
  Attempt attempt = 0;
};

template <class Text>
struct VenueQuoteOf {
  VenueName venue;
  Text error;                          // empty: the fields below hold a quote
  Decimal amount_out;                  // scale == output decimals
  Decimal price;                       // output per input
  Decimal fee;                         // in input token
  std::uint32_t price_impact_bps = 0;  // execution price against the mid price before, without fees
  std::uint64_t height = 0;            // the venue's height at the time of the quote
  Text lost_because;                   // the reason why it was not chosen; empty: it was
  // Empty: the quote is of all that remains of the order. With exact_out it is the least input.
  std::optional<Decimal> amount_in;
  HopPath path;
};
using VenueQuote = VenueQuoteOf<std::string>;

template <class Text>
struct RouteSelectedOf {
  Attempt attempt = 0;
  // Every venue's answer, in the configured order. Then the paths of several pools that were
  // compared; a venue has quoted the best one, and the others are estimates.
  std::vector<VenueQuoteOf<Text>> quotes;
  std::uint32_t chosen = 0;  // index into quotes
  // The quotes from `chosen` on that were chosen, 1..legs_max. Above 1 they share the attempt's
  // amount: each has its amount_in, and the venue of each has quoted it.
  std::uint32_t legs = 1;
};
using RouteSelected = RouteSelectedOf<std::string>;

// Of a split attempt it has the sums of the legs' amounts, and venue, venue order id, height and
// path of leg 0. Their LegBuilt follow in the same append.
struct TransactionBuilt {
  Attempt attempt = 0;
  VenueName venue;
  VenueOrderId venue_order_id;
  Decimal amount_in;  // with exact_out the most that it takes
  Decimal expected_out;
  Decimal min_out;                       // with exact_out that amount
  Decimal price;                         // quoted
  std::uint64_t valid_until_height = 0;  // above this height the venue refuses it
  HopPath path;
};

struct TransactionSubmitted {
  Attempt attempt = 0;
  VenueName venue;
  TxHash tx_hash;
};

template <class Text>
struct OutcomeUnknownOf {
  Attempt attempt = 0;
  Text seen;  // the observation in place of an answer: "timeout: ..."
  // A start appends it before it asks for the attempt: the process had ended while it was live.
  bool interrupted = false;
};
using OutcomeUnknown = OutcomeUnknownOf<std::string>;

// Of a split attempt it has the sums of the legs' fills, and venue and transaction of the first leg
// that was filled. OrderPartiallyFilled does the same.
struct OrderConfirmed {
  Attempt attempt = 0;
  VenueName venue;
  TxHash tx_hash;
  Decimal amount_in;
  Decimal amount_out;
  Decimal executed_price;  // amount_out / amount_in
  Decimal fee;             // in input token
  // Against the order's first quote; negative = better. Of the output, with exact_out of the input.
  std::int32_t slippage_realised_bps = 0;
};

template <class Text>
struct AttemptFailedOf {
  Attempt attempt = 0;
  ErrorClass error = ErrorClass::venue_unavailable;
  Text detail;
  WallTime retry_at{};
};
using AttemptFailed = AttemptFailedOf<std::string>;

template <class Text>
struct OrderFailedOf {  // the dead letter
  Attempt attempt = 0;
  ErrorClass error = ErrorClass::venue_unavailable;
  Text detail;
  std::uint32_t attempts_made = 0;  // since acceptance or the last requeue
};
using OrderFailed = OrderFailedOf<std::string>;

template <class Text>
struct OrderCancelledOf {
  Text by;
  Text why;
  Text idempotency_key{};  // empty: none; a key of the account `by`
  Hash256 fingerprint{};   // of the command, when there is a key
};
using OrderCancelled = OrderCancelledOf<std::string>;
template <class Text>
struct OrderExpiredOf {
  Text by;
  Text why;
};
using OrderExpired = OrderExpiredOf<std::string>;
template <class Text>
struct DeadLetterRequeuedOf {
  Text by;
  Text why;
  Text idempotency_key{};  // empty: none; a key of the account `by`
  Hash256 fingerprint{};   // of the command, when there is a key
};
using DeadLetterRequeued = DeadLetterRequeuedOf<std::string>;
template <class Text>
struct DeadLetterDiscardedOf {
  Text by;
  Text why;
  Text idempotency_key{};  // empty: none; a key of the account `by`
  Hash256 fingerprint{};   // of the command, when there is a key
};
using DeadLetterDiscarded = DeadLetterDiscardedOf<std::string>;

// An operator states the outcome of a live attempt, or of one leg of it, whose venue the engine
// does not ask. The end follows in the same append: OrderConfirmed when it is settled, else
// OrderFailed (OrderExpired after the order's expiry). Of a leg its LegFilled or LegEnded follows,
// and the attempt's end when it was the last one: with OrderFailed if a leg was not settled.
template <class Text>
struct OutcomeResolvedOf {
  Attempt attempt = 0;
  Text by;
  Text why;
  Text idempotency_key{};  // empty: none; a key of the account `by`
  Hash256 fingerprint{};   // of the command, when there is a key
  bool settled = false;    // false: it never traded and never will
  // When settled.
  TxHash tx_hash{};
  Decimal amount_out{};
  Decimal fee{};                       // in input token
  std::optional<Decimal> amount_in{};  // that it took; of an order with exact_out
  std::optional<LegIndex> leg{};       // of a split attempt, which has one
};
using OutcomeResolved = OutcomeResolvedOf<std::string>;

// The order waits for its price. No attempt is counted.
template <class Text>
struct OrderRestedOf {
  Text why;
};
using OrderRested = OrderRestedOf<std::string>;

// An attempt has filled a part of the order. The amounts are of this fill.
struct OrderPartiallyFilled {
  Attempt attempt = 0;
  VenueName venue;
  TxHash tx_hash;
  Decimal amount_in;
  Decimal amount_out;
  Decimal executed_price;  // amount_out / amount_in
  Decimal fee;             // in input token
};

// The order is to end as soon as its live attempt has ended.
template <class Text>
struct CancelRequestedOf {
  Text by;
  Text why;
  Text idempotency_key{};  // empty: none; a key of the account `by`
  Hash256 fingerprint{};   // of the command, when there is a key
};
using CancelRequested = CancelRequestedOf<std::string>;

// New terms of the order. An empty one is unchanged.
struct Amendment {
  std::optional<Decimal> amount_in;  // scale == input.decimals
  std::optional<Decimal> limit_price;
  std::optional<std::uint32_t> slippage_bps;
  std::optional<Decimal> min_out_floor;  // scale == output.decimals
  std::optional<WallTime> expires_at;
  bool expires_never = false;  // it has no expires_at any more
  std::optional<Decimal> trigger_price;

  friend bool operator==(const Amendment&, const Amendment&) = default;
};
template <class Text>
struct OrderAmendedOf {
  Text by;
  Text why;
  Text idempotency_key{};  // empty: none; a key of the account `by`
  Hash256 fingerprint{};   // of the command, when there is a key
  Amendment terms;
};
using OrderAmended = OrderAmendedOf<std::string>;

// The reach of a halt. account, token: its orders; venue: its transactions.
enum class HaltScope : std::uint8_t { all, account, token, venue };
inline constexpr HaltScope halt_scope_last = HaltScope::venue;

// The events of no order. They are in the engine's own stream; halts.h has their fold. A halt's id
// is the seq of its TradingHalted.
template <class Text>
struct TradingHaltedOf {
  HaltScope scope = HaltScope::all;
  Text value;  // the account, token or venue; empty: scope is all
  Text by;
  Text why;
  Text idempotency_key{};  // empty: none; a key of the account `by`
  Hash256 fingerprint{};   // of the command, when there is a key
};
using TradingHalted = TradingHaltedOf<std::string>;
template <class Text>
struct TradingResumedOf {
  Seq halt = 0;
  Text by;
  Text why;
  Text idempotency_key{};  // empty: none; a key of the account `by`
  Hash256 fingerprint{};   // of the command, when there is a key
};
using TradingResumed = TradingResumedOf<std::string>;
// The risk limits that hold from the next record on. Before the first such event there are none.
template <class Text>
struct RiskLimitsChangedOf {
  Text limits;  // canonical_text() in core/risk/limits.h, at most risk_limits_bytes_max
  Text by;
  Text why;
};
using RiskLimitsChanged = RiskLimitsChangedOf<std::string>;
inline constexpr std::size_t risk_limits_bytes_max = 60'000;

// The state of a venue that a stop or a sniper order waited for is there. It trades from now on.
struct OrderTriggered {
  VenueName venue;
  Decimal price;                     // spot, output per input
  std::uint64_t height = 0;          // the venue's, of that price
  std::optional<Decimal> liquidity;  // of a sniper order: the output tokens that the pool holds
};

// The legs of a split attempt. When the last one has ended, the attempt's end follows in the same
// append: OrderConfirmed, OrderPartiallyFilled, or AttemptFailed or OrderFailed when none is
// filled.
struct LegBuilt {
  Attempt attempt = 0;
  LegIndex leg = 0;
  VenueName venue;
  VenueOrderId venue_order_id;
  Decimal amount_in;
  Decimal expected_out;
  Decimal min_out;
  Decimal price;  // quoted
  std::uint64_t valid_until_height = 0;
  HopPath path;
};
struct LegSubmitted {
  Attempt attempt = 0;
  LegIndex leg = 0;
  VenueName venue;
  TxHash tx_hash;
};
template <class Text>
struct LegOutcomeUnknownOf {
  Attempt attempt = 0;
  LegIndex leg = 0;
  Text seen;  // as in OutcomeUnknown
};
using LegOutcomeUnknown = LegOutcomeUnknownOf<std::string>;
struct LegFilled {
  Attempt attempt = 0;
  LegIndex leg = 0;
  VenueName venue;
  TxHash tx_hash;
  Decimal amount_in;
  Decimal amount_out;
  Decimal executed_price;  // amount_out / amount_in
  Decimal fee;             // in input token
};
// The leg has not traded and never will.
template <class Text>
struct LegEndedOf {
  Attempt attempt = 0;
  LegIndex leg = 0;
  ErrorClass error = ErrorClass::venue_unavailable;
  Text detail;
};
using LegEnded = LegEndedOf<std::string>;

// The alternatives have the order of EventType. Both are stored: only append to them.
template <class Text>
using EventOf =
    std::variant<OrderAcceptedOf<Text>, RoutingStarted, RouteSelectedOf<Text>, TransactionBuilt,
                 TransactionSubmitted, OutcomeUnknownOf<Text>, OrderConfirmed,
                 AttemptFailedOf<Text>, OrderFailedOf<Text>, OrderCancelledOf<Text>,
                 OrderExpiredOf<Text>, DeadLetterRequeuedOf<Text>, DeadLetterDiscardedOf<Text>,
                 OutcomeResolvedOf<Text>, OrderRestedOf<Text>, OrderPartiallyFilled,
                 CancelRequestedOf<Text>, OrderAmendedOf<Text>, TradingHaltedOf<Text>,
                 TradingResumedOf<Text>, OrderTriggered, RiskLimitsChangedOf<Text>, LegBuilt,
                 LegSubmitted, LegOutcomeUnknownOf<Text>, LegFilled, LegEndedOf<Text>>;
using Event = EventOf<std::string>;
using BorrowedEvent = EventOf<std::string_view>;

enum class EventType : std::uint8_t {
  order_accepted = 0,
  routing_started = 1,
  route_selected = 2,
  transaction_built = 3,
  transaction_submitted = 4,
  outcome_unknown = 5,
  order_confirmed = 6,
  attempt_failed = 7,
  order_failed = 8,
  order_cancelled = 9,
  order_expired = 10,
  dead_letter_requeued = 11,
  dead_letter_discarded = 12,
  outcome_resolved = 13,
  order_rested = 14,
  order_partially_filled = 15,
  cancel_requested = 16,
  order_amended = 17,
  trading_halted = 18,
  trading_resumed = 19,
  order_triggered = 20,
  risk_limits_changed = 21,
  leg_built = 22,
  leg_submitted = 23,
  leg_outcome_unknown = 24,
  leg_filled = 25,
  leg_ended = 26,
};
inline constexpr std::size_t event_type_count = std::variant_size_v<Event>;

inline EventType type_of(const Event& event) {
  return static_cast<EventType>(event.index());
}
inline EventType type_of(const BorrowedEvent& event) {
  return static_cast<EventType>(event.index());
}

// The keys with which a retry of the event's request is recognised. Views of the event.
struct EventKeys {
  std::string_view account;
  std::string_view idempotency_key;  // empty: none
  std::string_view client_order_id;  // empty: none
  Hash256 fingerprint{};
};
EventKeys keys_of(const Event& event);

std::string_view to_string(EventType type);  // "OrderAccepted"
std::optional<EventType> parse_event_type(std::string_view text);
std::string_view to_string(TriggerWhen when);  // "atOrBelow"
std::optional<TriggerWhen> parse_trigger_when(std::string_view text);
std::string_view to_string(ErrorClass error);  // "slippage_exceeded"
std::optional<ErrorClass> parse_error_class(std::string_view text);
std::string_view to_string(OrderType type);  // "market"
std::optional<OrderType> parse_order_type(std::string_view text);
std::string_view to_string(TimeInForce time);  // "gtc"; by_type: empty
std::optional<TimeInForce> parse_time_in_force(std::string_view text);
std::string_view to_string(HaltScope scope);  // "account"
std::optional<HaltScope> parse_halt_scope(std::string_view text);

// One event with its position in the log.
template <class Text>
struct RecordOf {
  Seq seq = 0;
  OrderId order_id;
  Version version = 0;
  WallTime time{};  // never decreases along the log
  CorrelationId correlation;
  EventOf<Text> event;
  Hash256 hash{};  // the record's chain hash; zeros: not known
};
using Record = RecordOf<std::string>;
using BorrowedRecord = RecordOf<std::string_view>;

}  // namespace oee
