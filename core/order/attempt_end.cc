// The ends of attempts: the retry policy, and the records that follow from a settlement or from an
// end without one. Declared in decide.h.
#include <algorithm>

#include "core/base/json_writer.h"
#include "core/order/decide.h"

namespace oee {
namespace {

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

// OrderConfirmed, OrderPartiallyFilled, LegFilled.
template <class E>
E fill_of(const Order& order, const VenueName& venue, const AttemptFill& fill, Units amount_in) {
  E event;
  event.attempt = order.attempt;
  event.venue = venue;
  event.tx_hash = fill.tx_hash;
  event.amount_in = Decimal{amount_in, order.input.decimals};
  event.amount_out = Decimal{fill.amount_out, order.output.decimals};
  event.executed_price = price_of(event.amount_out, event.amount_in);
  event.fee = Decimal{fill.fee, order.input.decimals};
  return event;
}

// |amount - first| * 10,000 / first, negative when it is better, clamped to the range of an i32.
std::int32_t bps_of(Units amount, Units first, bool better) {
  if (first == 0) return 0;
  const Units difference = amount > first ? amount - first : first - amount;
  const U128 bps = std::min<U128>(U128{difference} * 10'000 / first, 1'000'000'000);
  return static_cast<std::int32_t>(bps) * (better ? -1 : 1);
}

// Of the details of the legs together.
constexpr std::size_t end_detail_bytes_max = 1'000;

// A fill of a part or of all that remains of the order.
Event settle_amount(const Order& order, const VenueName& venue, const AttemptFill& fill,
                    Units amount) {
  if (amount < order.remaining()) return fill_of<OrderPartiallyFilled>(order, venue, fill, amount);
  auto event = fill_of<OrderConfirmed>(order, venue, fill, amount);
  Units first = fill.amount_out;
  if (order.type_terms.slices) {
    first = order.expected_out.units;
  } else if (order.first_expected_out) {
    first = share_of(*order.first_expected_out, amount, order.first_quoted_in);
  }
  event.slippage_realised_bps = bps_of(fill.amount_out, first, fill.amount_out > first);
  return event;
}

// The least output that the limit of the order allows for its live attempt.
Units least_out_of_attempt(const Order& order) {
  if (order.legs.empty()) return least_out(order, order.attempt_in);
  Units least = 0;
  for (const OrderLeg& leg : order.legs) least += least_out(order, leg.amount_in.units);
  return least;
}

// No further attempt follows the one that has just ended.
bool ends_with_its_attempt(const Order& order, WallTime now) {
  return order.cancel_requested || order.immediate() ||
         (order.expires_at && now >= *order.expires_at);
}

}  // namespace

// Declared in order.h: the fold counts by the same rule.
bool counts_as_attempt(const Order& order, ErrorClass error) {
  if (error == ErrorClass::no_quote) return false;
  if (error != ErrorClass::slippage_exceeded || !order.limit_price) return true;
  // The market left the order's limit, or moved more than its slippage above the limit.
  if (order.attempt_in == 0 || order.attempt_in > order.remaining()) return false;
  if (order.exact_out) return order.attempt_in < most_in(order);
  return order.min_out.units > least_out_of_attempt(order);
}

Micros quote_backoff(std::uint32_t tries, const RetryRules& rules, std::uint64_t random) {
  const std::int64_t wait = rules.quote_backoff_min.count() << std::min(tries, 16U);
  return with_jitter(std::min(wait, rules.quote_backoff_max.count()), random);
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
  const bool counts = end.error != ErrorClass::interrupted && counts_as_attempt(order, end.error);
  const std::uint32_t made = order.attempts_made + (counts ? 1 : 0);
  const RetryPolicy policy = retry_policy(end.error);
  // The caller appends the end of the order.
  if (ends_with_its_attempt(order, now))
    return AttemptFailed{order.attempt, end.error, end.detail, now};
  if (!policy.retry || made >= rules.attempts_max)
    return OrderFailed{order.attempt, end.error, end.detail, made};
  Micros wait = backoff_before_next(made, rules.backoff, random);
  if (policy.delay == RetryPolicy::Delay::named_by_venue && end.venue_delay.count() > 0)
    wait = std::clamp(end.venue_delay, rules.venue_delay_min, rules.venue_delay_max);
  return AttemptFailed{order.attempt, end.error, end.detail, now + wait};
}

std::optional<Event> end_of_rest(const Order& order, WallTime now) {
  if (!order.open() || !ends_with_its_attempt(order, now)) return std::nullopt;
  if (order.cancel_requested)
    return OrderCancelled{order.cancel_requested->by, order.cancel_requested->why};
  if (order.immediate())
    return OrderCancelled{"engine", std::string(to_string(order.time_in_force)) +
                                        (order.filled_in == 0 ? ": its attempt has failed"
                                                              : ": the rest is not filled")};
  return OrderExpired{"engine", "expiresAt has passed"};
}

Event settle(const Order& order, const AttemptFill& fill) {
  if (!order.exact_out) return settle_amount(order, order.venue, fill, order.attempt_in);
  const Units taken = fill.amount_in > 0 ? fill.amount_in : order.attempt_in;
  auto event = fill_of<OrderConfirmed>(order, order.venue, fill, taken);
  event.slippage_realised_bps = bps_of(taken, order.first_quoted_in, taken < order.first_quoted_in);
  return event;
}

Event settle_leg(const Order& order, LegIndex leg, const AttemptFill& fill) {
  const OrderLeg& live = order.legs[leg];
  auto event = fill_of<LegFilled>(order, live.venue, fill, live.amount_in.units);
  event.leg = leg;
  return event;
}

FillsRoom room_for_fills(const Order& order) {
  U128 out = order.amount_out.units;
  U128 fee = order.fee.units;
  for (const OrderLeg& leg : order.legs) {
    out += leg.amount_out;
    fee += leg.fee;
  }
  const auto room = [](U128 sum) {
    return sum > ~Units{0} ? Units{0} : static_cast<Units>(~Units{0} - sum);
  };
  return {room(out), room(fee)};
}

std::vector<Event> end_of_legs(const Order& order, Micros venue_delay, const RetryRules& rules,
                               WallTime now, std::uint64_t random) {
  check(order.legs_ended(), "end_of_legs: a leg has no end");
  AttemptFill fill;
  Units amount = 0;
  const OrderLeg* first_filled = nullptr;
  const OrderLeg* failed = nullptr;
  bool stated_unsettled = false;
  AttemptEnd end;
  end.venue_delay = venue_delay;
  for (const OrderLeg& leg : order.legs) {
    if (leg.filled) {
      if (first_filled == nullptr) first_filled = &leg;
      amount += leg.amount_in.units;
      fill.amount_out += leg.amount_out;
      fill.fee += leg.fee;
      continue;
    }
    stated_unsettled |= leg.stated_unsettled;
    const bool retried = retry_policy(*leg.error).retry;
    if (failed == nullptr || (retried && !retry_policy(*failed->error).retry)) failed = &leg;
    end.detail +=
        (end.detail.empty() ? "" : "; ") + std::string(leg.venue.view()) + ": " + leg.error_detail;
  }
  cut_utf8(end.detail, end_detail_bytes_max);
  std::vector<Event> events;
  if (first_filled != nullptr) {
    fill.tx_hash = first_filled->tx_hash.value_or(TxHash{});
    events.push_back(settle_amount(order, first_filled->venue, fill, amount));
    // The rest trades again only after a requeue. The count of attempts began anew.
    if (amount < order.remaining() && stated_unsettled && !ends_with_its_attempt(order, now))
      events.push_back(OrderFailed{order.attempt, ErrorClass::attempt_expired, end.detail, 1});
    return events;
  }
  end.error = *failed->error;
  RetryRules of_end = rules;
  if (stated_unsettled) of_end.attempts_max = 0;
  events.push_back(end_attempt(order, end, of_end, now, random));
  return events;
}

}  // namespace oee
