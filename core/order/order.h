// Order: the current state of an order, the fold of its events. Only evolve() changes it. Values;
// any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/order/event.h"
#include "core/order/lifecycle.h"

namespace oee {

// A leg of a live split attempt.
struct OrderLeg {
  VenueName venue;
  VenueOrderId venue_order_id;
  Decimal amount_in;
  Decimal expected_out;
  Decimal min_out;
  std::uint64_t valid_until_height = 0;
  HopPath path;
  std::optional<TxHash> tx_hash;
  bool outcome_unknown = false;
  // A start has counted the attempt, and no answer for this leg is recorded since.
  bool interrupted = false;
  // An operator states that it never settled: only a requeue trades its amount again.
  bool stated_unsettled = false;
  // Its end: a fill, or the reason why it never trades.
  bool filled = false;
  Units amount_out = 0;
  Units fee = 0;  // in input units
  std::optional<ErrorClass> error;
  std::string error_detail;

  bool ended() const { return filled || error.has_value(); }
  friend bool operator==(const OrderLeg&, const OrderLeg&) = default;
};

struct Order {
  OrderId id;
  Phase phase = Phase::none;
  bool outcome_unknown = false;  // the outcome of the live attempt is unknown
  OrderType type = OrderType::market;
  // of the last failed attempt; a requeue and a confirmation clear it
  std::optional<ErrorClass> error;
  Version version = 0;
  Seq accepted_seq = 0;
  Seq last_seq = 0;
  WallTime accepted_at{};
  WallTime updated_at{};
  std::optional<WallTime> requeued_at;  // the last time; for the executor, in no answer

  std::string account;
  std::string client_order_id;
  Token input;
  Token output;
  Decimal amount_in;  // with exact_out the most that may be sold
  std::uint32_t slippage_bps = 0;
  std::optional<WallTime> expires_at;
  std::optional<Units> min_out_floor;
  TimeInForce time_in_force = TimeInForce::by_type;
  std::optional<Decimal> limit_price;  // output per input
  bool allow_partial = false;
  TypeTerms type_terms;
  std::vector<std::string> tags;
  std::string quote_id;
  std::optional<Units> exact_out;        // it sells the least input that yields so much
  std::optional<WallTime> triggered_at;  // of a stop or sniper order: OrderTriggered
  CorrelationId correlation;             // of the request that created it

  Attempt attempt = 0;              // number of the last attempt that was started
  std::uint32_t attempts_made = 0;  // attempts ended since acceptance or the last requeue
  std::uint32_t interruptions = 0;  // of the current attempt, by restarts
  // of the live attempt: starts in a row that counted it and recorded no answer; for the executor,
  // in no answer
  std::uint32_t interrupted_asks = 0;
  std::optional<Units> first_expected_out;  // the first chosen quote ever; min_out derives from it
  Units first_quoted_in = 0;                // its input; most_in() derives from it with exact_out
  std::string error_detail;
  WallTime retry_at{};       // pending after a failed attempt: the next starts no earlier
  WallTime unknown_since{};  // outcome_unknown: time of the attempt's first OutcomeUnknown

  // The last attempt that was built. Valid when attempt_built; kept after the attempt's end. Of a
  // split attempt the sums of its legs, and venue, venue order id, height and path of leg 0.
  bool attempt_built = false;
  VenueName venue;
  VenueOrderId venue_order_id;
  Decimal expected_out;
  Units attempt_in = 0;  // the amount that it sells; with exact_out the most that it takes
  Decimal min_out;
  std::uint64_t valid_until_height = 0;
  HopPath path;
  std::optional<TxHash> tx_hash;  // of a split attempt: of the leg that was submitted first
  // Of a live split attempt. Empty otherwise: the members above are its only leg.
  std::vector<OrderLeg> legs;
  // A leg has ended without a fill: no attempt is split before one transaction fills a part, a
  // requeue or new terms.
  bool split_failed = false;
  // An operator has stated that a leg of the last attempt never settled: no attempt follows before
  // a requeue. The end of the order is in the same append.
  bool needs_requeue = false;

  // A cancel that waits for the end of the live attempt.
  struct Cancel {
    std::string by;
    std::string why;
  };
  std::optional<Cancel> cancel_requested;

  // The sums of the order's fills. Valid when it has any: filled_in > 0.
  Units filled_in = 0;
  Decimal amount_out;
  Decimal executed_price;  // the average: amount_out / filled_in
  Decimal fee;
  // Valid when the phase is confirmed.
  std::int32_t slippage_realised_bps = 0;

  // The amount that is still to be sold.
  Units remaining() const { return amount_in.units - filled_in; }
  // One attempt at once decides: the order never waits.
  bool immediate() const {
    return time_in_force == TimeInForce::ioc || time_in_force == TimeInForce::fok;
  }

  // A stop or sniper order that has not been triggered.
  bool waits_for_trigger() const {
    return (type == OrderType::stop || type == OrderType::sniper) && !triggered_at;
  }

  // The live attempt is split, and each of its legs has ended: the attempt's end follows.
  bool legs_ended() const {
    for (const OrderLeg& leg : legs)
      if (!leg.ended()) return false;
    return !legs.empty();
  }

  OrderStatus status() const { return status_of(phase); }
  bool open() const { return is_open(phase); }
};

// The quote that the price limit of an order without a limit price derives from: of its first
// RouteSelected the chosen one. Instead of a split it is the best quote of its whole amount by one
// transaction, so that the amount of a leg that fails may follow by one; without such a quote it is
// the sum of the legs. REQUIRES: chosen + legs <= quotes.size().
struct FirstQuote {
  Units amount_out = 0;
  Units amount_in = 0;
};
template <class Text>
FirstQuote first_quote_of(std::span<const VenueQuoteOf<Text>> quotes, std::uint32_t chosen,
                          std::uint32_t legs, Units remaining);

// A leg of the live attempt: of one that is not split, the attempt itself as leg 0. The references
// are valid until the order changes.
struct LiveLeg {
  const VenueName& venue;
  const VenueOrderId& venue_order_id;
  Units amount_in;  // with exact_out the most that it takes
  Units min_out;
  std::uint64_t valid_until_height;
  const HopPath& path;
  bool ended;
};
std::size_t live_legs(const Order& order);  // 1..legs_max
// REQUIRES: leg < live_legs(order).
LiveLeg live_leg(const Order& order, LegIndex leg);

// Whether a failure of this class uses up one of the order's attempts. Without a quote nothing was
// attempted, and a market that leaves the order's limit does not end the order. One that moves more
// than the order's slippage, above the limit, does.
bool counts_as_attempt(const Order& order, ErrorClass error);

// Applies the next event of the order. invalid: the event is not legal in this phase, its version
// is not order.version + 1, or it names another order or attempt; `order` is then unchanged.
Result<void> evolve(Order& order, const Record& record);
// The same. `order` keeps no view of the record.
Result<void> evolve(Order& order, const BorrowedRecord& record);

}  // namespace oee
