#include "core/order/decide.h"

#include <algorithm>

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

// Before attempt n+1: backoff * 2^(n-1), plus a random part of up to a fifth of it, so that orders
// that failed together do not retry together.
Micros with_jitter(std::int64_t wait, std::uint64_t random) {
  return Micros{wait +
                static_cast<std::int64_t>(random % static_cast<std::uint64_t>(wait / 5 + 1))};
}
Micros backoff_before_next(std::uint32_t attempts_made, Micros backoff, std::uint64_t random) {
  const auto doublings = std::min<std::uint32_t>(attempts_made > 0 ? attempts_made - 1 : 0, 16);
  return with_jitter(backoff.count() << doublings, random);
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
                        command.fee};
  if (!event.idempotency_key.empty()) event.fingerprint = fingerprint_of(order, command);
  return event;
}

Result<Event> decide(const Order& order, const CancelOrder& command) {
  if (is_live_attempt(order.phase))
    return Error{Errc::conflict, "cannot cancel: an attempt is live at the venue"};
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
  if (!is_live_attempt(order.phase)) return not_now(order, "cannot resolve, no attempt is live");
  if (command.attempt != order.attempt)
    return Error{Errc::conflict, "cannot resolve attempt " + std::to_string(command.attempt) +
                                     ": attempt " + std::to_string(order.attempt) + " is live"};
  std::vector<Event> events;
  events.push_back(event_of(order.id, command));
  if (command.settled) {
    if (order.tx_hash && *order.tx_hash != command.tx_hash)
      return Error{Errc::invalid,
                   "txHash: the attempt was submitted as " + to_text(*order.tx_hash)};
    if (command.amount_out.units < order.min_out.units)
      return Error{Errc::invalid,
                   "amountOut: is below the attempt's least output " + to_text(order.min_out)};
    events.push_back(confirm(order, command.tx_hash, command.amount_out.units, command.fee.units));
    return events;
  }
  AttemptEnd end;
  end.error = ErrorClass::attempt_expired;
  end.detail = "an operator states that it never settled: " + command.why;
  events.push_back(end_attempt(order, end, RetryRules{.attempts_max = 0}, now, 0));
  if (type_of(events.back()) == EventType::attempt_failed)
    events.push_back(OrderExpired{"engine", "expiresAt has passed"});
  return events;
}

Step next_step(const Order& order, WallTime now, bool resumed) {
  const bool past_expiry = order.expires_at && now >= *order.expires_at;
  switch (order.phase) {
    case Phase::pending:
      if (past_expiry) return Step::expire;
      return order.retry_at > now ? Step::wait : Step::route;
    case Phase::routing:
    case Phase::routed:
      if (past_expiry) return Step::expire;
      return order.interruptions + 1 >= interruptions_max ? Step::give_up : Step::route;
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
  return order.phase == Phase::pending ? order.attempt + 1 : order.attempt;
}

Units least_out(const Order& order) {
  const Units first =
      order.first_expected_out ? min_out_of(*order.first_expected_out, order.slippage_bps) : 0;
  return std::max(first, order.min_out_floor.value_or(0));
}

bool may_be_quoted(const Order& order) {
  return least_out(order) < ~Units{0};
}

WallTime quote_deadline(const Order& order) {
  return order.expires_at.value_or(order.requeued_at.value_or(order.accepted_at) + quote_wait);
}

Micros quote_backoff(std::uint32_t tries, const RetryRules& rules, std::uint64_t random) {
  const std::int64_t wait = rules.quote_backoff_min.count() << std::min(tries, 16U);
  return with_jitter(std::min(wait, rules.quote_backoff_max.count()), random);
}

TransactionBuilt build_transaction(const Order& order, Attempt attempt, const VenueQuote& chosen,
                                   std::uint64_t valid_until_height) {
  const Units tolerated = min_out_of(chosen.amount_out.units, order.slippage_bps);
  TransactionBuilt event;
  event.attempt = attempt;
  event.venue = chosen.venue;
  event.venue_order_id = venue_order_id_of(order.id, attempt);
  event.amount_in = order.amount_in;
  event.expected_out = chosen.amount_out;
  event.min_out = Decimal{std::max(tolerated, least_out(order)), order.output.decimals};
  event.price = chosen.price;
  event.valid_until_height = valid_until_height;
  return event;
}

RetryPolicy retry_policy(ErrorClass error) {
  using Delay = RetryPolicy::Delay;
  switch (error) {
    case ErrorClass::slippage_exceeded:
    case ErrorClass::no_quote:
    case ErrorClass::venue_unavailable:
    case ErrorClass::attempt_expired:
    case ErrorClass::attempt_cancelled:
      return {true, Delay::backoff};
    case ErrorClass::rate_limited:
      return {true, Delay::named_by_venue};
    case ErrorClass::invalid_order:
    case ErrorClass::no_liquidity:
    case ErrorClass::interrupted:
      return {false, Delay::backoff};
  }
  return {false, Delay::backoff};
}

Event end_attempt(const Order& order, const AttemptEnd& end, const RetryRules& rules, WallTime now,
                  std::uint64_t random) {
  // An interruption does not count as an attempt.
  const bool counts = end.error != ErrorClass::interrupted;
  const std::uint32_t made = order.attempts_made + (counts ? 1 : 0);
  const RetryPolicy policy = retry_policy(end.error);
  // An order that failed at or after its expiry expires: the caller appends OrderExpired.
  if (order.expires_at && now >= *order.expires_at)
    return AttemptFailed{order.attempt, end.error, end.detail, now};
  if (!policy.retry || made >= rules.attempts_max)
    return OrderFailed{order.attempt, end.error, end.detail, made};
  Micros wait = backoff_before_next(made, rules.backoff, random);
  if (policy.delay == RetryPolicy::Delay::named_by_venue && end.venue_delay.count() > 0)
    wait = std::clamp(end.venue_delay, rules.venue_delay_min, rules.venue_delay_max);
  return AttemptFailed{order.attempt, end.error, end.detail, now + wait};
}

OrderConfirmed confirm(const Order& order, const TxHash& tx_hash, Units amount_out, Units fee) {
  OrderConfirmed event;
  event.attempt = order.attempt;
  event.venue = order.venue;
  event.tx_hash = tx_hash;
  event.amount_in = order.amount_in;
  event.amount_out = Decimal{amount_out, order.output.decimals};
  event.executed_price = price_of(event.amount_out, order.amount_in);
  event.fee = Decimal{fee, order.input.decimals};
  const Units first = order.first_expected_out.value_or(amount_out);
  if (first > 0) {
    // (first - out) * 10,000 / first, clamped to the range of an i32.
    const bool better = amount_out > first;
    const Units difference = better ? amount_out - first : first - amount_out;
    const U128 bps = std::min<U128>(U128{difference} * 10'000 / first, 1'000'000'000);
    event.slippage_realised_bps = static_cast<std::int32_t>(bps) * (better ? -1 : 1);
  }
  return event;
}

}  // namespace oee
