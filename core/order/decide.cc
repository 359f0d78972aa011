#include "core/order/decide.h"

#include <algorithm>

#include "core/order/slices.h"

namespace oee {
namespace {

Error not_now(const Order& order, const char* what) {
  return Error{Errc::conflict, std::string(what) + ": the order is " +
                                   std::string(to_string(order.status())) +
                                   (order.phase == Phase::discarded ? " and discarded" : "")};
}

template <class E>
Event change_of(const OrderId& order, const auto& command) {
  E event{command.by, command.why, command.idempotency_key, {}};
  if (!event.idempotency_key.empty())
    event.fingerprint = fingerprint_of_change(type_of(Event(E{})), command.by, order);
  return event;
}

// The input for which the order's exact output has this price.
Units most_at(const Order& order, Decimal price) {
  return input_at(price, {*order.exact_out, order.output.decimals}, order.input.decimals);
}

// Whether the attempt of an exact output can have taken so much.
bool takes_of_attempt(const Order& order, const std::optional<Decimal>& amount_in) {
  return amount_in && amount_in->units > 0 && amount_in->units <= order.attempt_in;
}

// An operator's statement is of the transaction that is live, and within its terms.
Result<void> check_settled(const Order& order, const ResolveOutcome& command) {
  const OrderLeg* leg = command.leg ? &order.legs[*command.leg] : nullptr;
  const std::optional<TxHash>& submitted = leg ? leg->tx_hash : order.tx_hash;
  const Decimal min_out = leg ? leg->min_out : order.min_out;
  if (submitted && *submitted != command.tx_hash)
    return Error{Errc::invalid, "txHash: the attempt was submitted as " + to_text(*submitted)};
  if (command.amount_out.units < min_out.units)
    return Error{Errc::invalid,
                 "amountOut: is below the attempt's least output " + to_text(min_out)};
  const FillsRoom room = room_for_fills(order);
  if (command.amount_out.units > room.amount_out)
    return Error{Errc::invalid, "amountOut: the order's fills exceed 2^64 base units"};
  if (command.fee.units > room.fee)
    return Error{Errc::invalid, "fee: the order's fees exceed 2^64 base units"};
  if (order.exact_out && !takes_of_attempt(order, command.amount_in))
    return Error{Errc::invalid, "amountIn: is required, above 0 and at most " +
                                    to_text(Decimal{order.attempt_in, order.input.decimals}) +
                                    ", as the order has an outputAmount"};
  return {};
}

Result<void> check_resolved(const Order& order, const ResolveOutcome& command) {
  if (!is_live_attempt(order.phase)) return not_now(order, "cannot resolve, no attempt is live");
  if (command.attempt != order.attempt)
    return Error{Errc::conflict, "cannot resolve attempt " + std::to_string(command.attempt) +
                                     ": attempt " + std::to_string(order.attempt) + " is live"};
  if (order.legs.empty() && command.leg)
    return Error{Errc::invalid, "leg: the attempt is not split"};
  if (!order.legs.empty() && (!command.leg || *command.leg >= order.legs.size()))
    return Error{Errc::invalid, "leg: is required, and below " + std::to_string(order.legs.size()) +
                                    ", as the attempt is split"};
  if (command.leg && order.legs[*command.leg].ended())
    return Error{Errc::conflict,
                 "cannot resolve leg " + std::to_string(*command.leg) + ": it has ended"};
  if (command.settled) return check_settled(order, command);
  return {};
}

}  // namespace

Event decide(PlaceOrder command) {
  OrderAccepted event;
  event.fingerprint = fingerprint_of(command);
  event.account = std::move(command.account);
  event.idempotency_key = std::move(command.idempotency_key);
  event.client_order_id = std::move(command.client_order_id);
  event.input = std::move(command.input);
  event.output = std::move(command.output);
  event.amount_in = command.amount_in;
  event.slippage_bps = command.slippage_bps;
  event.type = command.type;
  event.expires_at = command.expires_at;
  event.expires_by_log_time = command.expires_at.has_value();
  event.min_out_floor = command.min_out_floor;
  event.time_in_force = command.time_in_force;
  event.limit_price = command.limit_price;
  event.allow_partial = command.allow_partial;
  event.type_terms = command.type_terms;
  event.tags = std::move(command.tags);
  event.quote_id = std::move(command.quote.id);
  event.exact_out = command.exact_out;
  if (event.quote_id.empty()) return event;
  if (event.exact_out) {
    // 0: the id is not one of this order, which is then refused.
    if (command.quote.amount_in > 0)
      event.amount_in.units = std::min(event.amount_in.units, command.quote.amount_in);
  } else {
    event.min_out_floor = std::max(event.min_out_floor.value_or(0), command.quote.amount_out);
  }
  return event;
}

Event event_of(const OrderId& order, const CancelOrder& command) {
  return change_of<OrderCancelled>(order, command);
}
Event event_of(const OrderId& order, const RequeueDeadLetter& command) {
  return change_of<DeadLetterRequeued>(order, command);
}
Event event_of(const OrderId& order, const DiscardDeadLetter& command) {
  return change_of<DeadLetterDiscarded>(order, command);
}

Event event_of(const OrderId& order, const ResolveOutcome& command) {
  OutcomeResolved event{command.attempt,
                        command.by,
                        command.why,
                        command.idempotency_key,
                        {},
                        command.settled,
                        command.tx_hash,
                        command.amount_out,
                        command.fee,
                        command.amount_in,
                        command.leg};
  if (!event.idempotency_key.empty()) event.fingerprint = fingerprint_of(order, command);
  return event;
}

Event event_of(const OrderId& order, const AmendOrder& command) {
  OrderAmended event{command.by, command.why, command.idempotency_key, {}, command.terms};
  if (!event.idempotency_key.empty()) event.fingerprint = fingerprint_of(order, command);
  return event;
}

Result<Event> decide(const Order& order, const CancelOrder& command) {
  if (order.cancel_requested && order.open() && command.idempotency_key.empty())
    return Error{Errc::conflict, "cannot cancel: it is requested already, the venue is asked"};
  if (is_live_attempt(order.phase)) {
    auto cancelled = std::get<OrderCancelled>(event_of(order.id, command));
    return Event(CancelRequested{std::move(cancelled.by), std::move(cancelled.why),
                                 std::move(cancelled.idempotency_key), cancelled.fingerprint});
  }
  if (!is_legal(order.phase, EventType::order_cancelled)) return not_now(order, "cannot cancel");
  return event_of(order.id, command);
}

Result<Event> decide(const Order& order, const RequeueDeadLetter& command) {
  if (!is_legal(order.phase, EventType::dead_letter_requeued))
    return not_now(order, "cannot requeue, not a dead letter");
  return event_of(order.id, command);
}

Result<Event> decide(const Order& order, const DiscardDeadLetter& command) {
  if (!is_legal(order.phase, EventType::dead_letter_discarded))
    return not_now(order, "cannot discard, not a dead letter");
  return event_of(order.id, command);
}

Result<std::vector<Event>> decide(const Order& order, const ResolveOutcome& command, WallTime now) {
  OEE_TRY(check_resolved(order, command));
  std::vector<Event> events;
  Order after = order;
  const auto add = [&](Event event) {
    Record record;
    record.seq = after.last_seq;
    record.order_id = after.id;
    record.version = after.version + 1;
    record.time = now;
    record.event = std::move(event);
    check(evolve(after, record).ok(), "decide: an event of a resolution is not legal");
    events.push_back(std::move(record.event));
  };
  add(event_of(order.id, command));
  AttemptFill fill;
  fill.tx_hash = command.tx_hash;
  fill.amount_in = command.amount_in.value_or(Decimal{}).units;
  fill.amount_out = command.amount_out.units;
  fill.fee = command.fee.units;
  AttemptEnd end;
  end.error = ErrorClass::attempt_expired;
  end.detail = "an operator states that it never settled: " + command.why;
  // Only an operator's requeue of the dead letter trades again.
  const RetryRules no_retry{.attempts_max = 0};
  if (command.leg) {
    add(command.settled ? settle_leg(after, *command.leg, fill)
                        : LegEnded{order.attempt, *command.leg, end.error, end.detail});
    if (!after.legs_ended()) return events;
    for (Event& event : end_of_legs(after, {}, no_retry, now, 0)) add(std::move(event));
  } else {
    add(command.settled ? settle(order, fill) : end_attempt(order, end, no_retry, now, 0));
  }
  if (auto rest = end_of_rest(after, now)) add(*std::move(rest));
  return events;
}

Result<Event> decide(const Order& order, const AmendOrder& command) {
  if (is_live_attempt(order.phase))
    return Error{Errc::conflict, "cannot amend: an attempt is live at the venue"};
  if (!is_legal(order.phase, EventType::order_amended)) return not_now(order, "cannot amend");
  const Amendment& terms = command.terms;
  const auto invalid = [](std::string what) { return Error{Errc::invalid, std::move(what)}; };
  if (terms.limit_price && !order.limit_price)
    return invalid("limitPrice: a " + std::string(to_string(order.type)) + " order has none");
  if (terms.trigger_price && !order.type_terms.trigger)
    return invalid("triggerPrice: a " + std::string(to_string(order.type)) + " order has none");
  if (terms.trigger_price && order.triggered_at)
    return Error{Errc::conflict, "cannot amend triggerPrice: the order was triggered at " +
                                     format_rfc3339(*order.triggered_at)};
  if (!order.quote_id.empty() && terms.amount_in && *terms.amount_in != order.amount_in)
    return invalid((order.exact_out ? "maxInput: the order is bound to the quote for "
                                    : "amount: the order is bound to the quote of ") +
                   to_text(order.amount_in));
  if (!order.quote_id.empty() && terms.min_out_floor &&
      terms.min_out_floor->units < order.min_out_floor.value_or(0))
    return invalid("minOut: the order is bound to a quote, and its least output is " +
                   to_text(Decimal{*order.min_out_floor, order.output.decimals}));
  if (terms.amount_in && terms.amount_in->units <= order.filled_in)
    return invalid("amount: " + to_text(Decimal{order.filled_in, order.input.decimals}) +
                   " is filled already");
  if (terms.expires_never && order.type == OrderType::market)
    return invalid("expiresAt: a market order needs one");
  if (terms.expires_never && order.time_in_force == TimeInForce::gtt)
    return invalid("expiresAt: a gtt order needs one");
  if (terms.min_out_floor && order.exact_out)
    return invalid("minOut: an order with an outputAmount has none");
  const Decimal amount = terms.amount_in.value_or(order.amount_in);
  const auto price = terms.limit_price ? terms.limit_price : order.limit_price;
  if (price && order.exact_out && most_at(order, *price) == 0)
    return invalid("limitPrice: the outputAmount at this price is less than one base unit");
  if (price && !order.exact_out && !output_at(*price, amount, order.output.decimals).ok())
    return invalid("limitPrice: the amount at this price exceeds 2^64 base units");
  return event_of(order.id, command);
}

Event event_of(HaltTrading command) {
  TradingHalted event;
  if (!command.idempotency_key.empty()) event.fingerprint = fingerprint_of(command);
  event.scope = command.scope;
  event.value = std::move(command.value);
  event.by = std::move(command.by);
  event.why = std::move(command.why);
  event.idempotency_key = std::move(command.idempotency_key);
  return event;
}
Event event_of(ResumeTrading command) {
  TradingResumed event;
  if (!command.idempotency_key.empty()) event.fingerprint = fingerprint_of(command);
  event.halt = command.halt;
  event.by = std::move(command.by);
  event.why = std::move(command.why);
  event.idempotency_key = std::move(command.idempotency_key);
  return event;
}

Result<void> check_trading(const Halts& halts, const Event& event) {
  if (const auto* resumed = std::get_if<TradingResumed>(&event)) {
    if (halts.find(resumed->halt) != nullptr) return {};
    return Error{Errc::not_found, "no halt " + std::to_string(resumed->halt) + " is in force"};
  }
  if (halts.in_force().size() < halts_max) return {};
  return Error{Errc::full, std::to_string(halts_max) + " halts are in force, the most possible"};
}

Step next_step(const Order& order, WallTime now, bool resumed) {
  const bool past_expiry = order.expires_at && now >= *order.expires_at;
  switch (order.phase) {
    case Phase::pending:
      if (past_expiry) return Step::expire;
      if (order.waits_for_trigger()) return Step::trigger;
      if (order.retry_at > now) return Step::wait;
      return amount_due(order, now) == 0 ? Step::rest : Step::route;
    case Phase::resting:
      return past_expiry ? Step::expire : Step::wait;
    case Phase::routing:
    case Phase::routed:
      if (past_expiry) return Step::expire;
      if (resumed && order.interruptions + 1 >= interruptions_max) return Step::give_up;
      // An append is refused when the clock was stepped back: it is too early for its record.
      if (order.phase == Phase::routing && amount_due(order, now) == 0) return Step::rest;
      return Step::route;
    case Phase::building:
      return resumed ? Step::ask : Step::submit;
    case Phase::submitted:
      return Step::ask;
    default:
      return Step::none;
  }
}

bool counts_interruption(const Order& order, WallTime now) {
  return order.interrupted_asks > 0 || now - order.updated_at >= ask_interrupted_after;
}

bool is_left_alone(const Order& order) {
  return is_live_attempt(order.phase) && order.interrupted_asks >= interruptions_max;
}

Attempt attempt_to_start(const Order& order) {
  const bool next = order.phase == Phase::pending || order.phase == Phase::resting;
  return next ? order.attempt + 1 : order.attempt;
}

Result<Units> output_at(Decimal price, Decimal amount_in, std::uint8_t output_decimals) {
  // amount x price / 10^(both scales) x 10^output_decimals, rounded up.
  const Error too_much{Errc::full, "the output exceeds 64 bits"};
  U128 units = U128{amount_in.units} * price.units;
  int digits = int{output_decimals} - int{amount_in.scale} - int{price.scale};
  for (; digits > 0 && units > 0; --digits) {
    if (units > ~Units{0} / 10) return too_much;
    units *= 10;
  }
  U128 divisor = 1;
  for (; digits < 0; ++digits) divisor *= 10;
  const U128 whole = units / divisor + (units % divisor != 0 ? 1 : 0);
  if (whole > ~Units{0}) return too_much;
  return static_cast<Units>(whole);
}

Units max_in_of(Units quoted_in, std::uint32_t slippage_bps) {
  if (slippage_bps >= 10'000) return ~Units{0};
  const U128 most = U128{quoted_in} * (10'000 + slippage_bps) / 10'000;
  return static_cast<Units>(std::min<U128>(most, ~Units{0}));
}

Units input_at(Decimal price, Decimal amount_out, std::uint8_t input_decimals) {
  check(price.units > 0, "input_at: a price of zero");
  // out / 10^(its scale) / price x 10^input_decimals, one digit after the other, rounded down.
  U128 units = amount_out.units / price.units;
  U128 rest = amount_out.units % price.units;
  int digits = int{price.scale} + int{input_decimals} - int{amount_out.scale};
  for (; digits > 0; --digits) {
    units = units * 10 + rest * 10 / price.units;
    rest = rest * 10 % price.units;
    if (units > ~Units{0}) return ~Units{0};
  }
  for (; digits < 0; ++digits) units /= 10;
  return static_cast<Units>(units);
}

Units share_of(Units whole, Units part, Units all) {
  if (part == all) return whole;
  const U128 product = U128{whole} * part;
  return static_cast<Units>(
      std::min<U128>(product / all + (product % all != 0 ? 1 : 0), ~Units{0}));
}

Units most_in(const Order& order) {
  check(order.exact_out.has_value(), "most_in: the order has no exact output");
  const Units most = order.amount_in.units;
  if (order.limit_price) return std::min(most, most_at(order, *order.limit_price));
  if (!order.first_expected_out) return most;
  return std::min(most, max_in_of(order.first_quoted_in, order.slippage_bps));
}

Units least_out(const Order& order, Units amount) {
  check(amount > 0 && amount <= order.remaining(), "least_out: not an amount of the order");
  if (order.exact_out) return *order.exact_out;
  Units least = 0;
  if (order.limit_price) {
    const auto out =
        output_at(*order.limit_price, {amount, order.amount_in.scale}, order.output.decimals);
    check(out.ok(), "an accepted order's limit exceeds 64 bits");
    least = *out;
  } else if (order.first_expected_out && !order.type_terms.slices) {
    least = min_out_of(share_of(*order.first_expected_out, amount, order.first_quoted_in),
                       order.slippage_bps);
  }
  if (order.min_out_floor)
    least = std::max(least, share_of(*order.min_out_floor, amount, order.amount_in.units));
  return least;
}

Units least_part(const Order& order, Units due) {
  if (!order.allow_partial || order.time_in_force == TimeInForce::fok) return due;
  if (order.immediate()) return 1;
  return std::min(due, std::max<Units>(order.amount_in.units / 100, 1));
}

WithoutQuote without_quote(const Order& order) {
  if (order.immediate()) return WithoutQuote::cancel;
  const bool rests = order.limit_price || order.type == OrderType::twap;
  return rests ? WithoutQuote::rest : WithoutQuote::wait;
}

bool may_be_quoted(const Order& order) {
  return order.limit_price || order.exact_out || order.min_out_floor != ~Units{0};
}

WallTime quote_deadline(const Order& order) {
  const WallTime began = order.triggered_at.value_or(order.accepted_at);
  return order.expires_at.value_or(order.requeued_at.value_or(began) + quote_wait);
}

TransactionBuilt build_transaction(const Order& order, Attempt attempt, const VenueQuote& chosen,
                                   std::uint64_t valid_until_height) {
  TransactionBuilt event;
  event.attempt = attempt;
  event.venue = chosen.venue;
  event.venue_order_id = venue_order_id_of(order.id, attempt);
  event.amount_in = chosen.amount_in.value_or(Decimal{order.remaining(), order.amount_in.scale});
  event.expected_out = chosen.amount_out;
  event.min_out.scale = order.output.decimals;
  if (order.exact_out) {
    const Units tolerated = max_in_of(event.amount_in.units, order.slippage_bps);
    event.amount_in.units = std::min(tolerated, most_in(order));
    event.min_out.units = *order.exact_out;
  } else {
    const Units tolerated = min_out_of(chosen.amount_out.units, order.slippage_bps);
    event.min_out.units = std::max(tolerated, least_out(order, event.amount_in.units));
  }
  event.price = chosen.price;
  event.valid_until_height = valid_until_height;
  event.path = chosen.path;
  return event;
}

std::vector<Event> build_legs(const Order& order, Attempt attempt, std::span<const LegQuote> legs) {
  check(legs.size() >= 2 && legs.size() <= legs_max, "build_legs: not a number of legs");
  std::vector<Event> events(1);
  TransactionBuilt sums;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    TransactionBuilt one =
        build_transaction(order, attempt, legs[i].quote, legs[i].valid_until_height);
    LegBuilt leg;
    leg.attempt = attempt;
    leg.leg = static_cast<LegIndex>(i);
    leg.venue = one.venue;
    leg.venue_order_id = venue_order_id_of(order.id, attempt, leg.leg);
    leg.amount_in = one.amount_in;
    leg.expected_out = one.expected_out;
    leg.min_out = one.min_out;
    leg.price = one.price;
    leg.valid_until_height = one.valid_until_height;
    leg.path = one.path;
    if (i == 0) {
      sums = std::move(one);
    } else {
      sums.amount_in.units += leg.amount_in.units;
      sums.expected_out.units += leg.expected_out.units;
      sums.min_out.units += leg.min_out.units;
    }
    events.emplace_back(std::move(leg));
  }
  check(sums.amount_in.units <= order.remaining(), "build_legs: more than the order sells");
  sums.price = price_of(sums.expected_out, sums.amount_in);
  events.front() = std::move(sums);
  return events;
}

bool may_be_split(const Order& order) {
  return order.allow_partial && !order.split_failed && !order.exact_out &&
         order.time_in_force != TimeInForce::fok;
}

}  // namespace oee
