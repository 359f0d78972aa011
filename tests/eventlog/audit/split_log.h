// SplitCheck: the fixture of a log with one order whose attempt is split, for the tests of the
// checkers. One thread.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "core/order/decide.h"
#include "eventlog/audit/log_checker.h"
#include "tests/support/log/raw_log.h"
#include "tests/support/orders.h"

namespace oee::test {

inline TxHash hash(std::uint8_t fill) {
  TxHash tx;
  tx.bytes.fill(fill);
  return tx;
}

// Order 1 sells 1.5 SOL for USDC with 1 % slippage. Raydium quotes the whole; a split into 1.0 SOL
// at raydium and 0.5 SOL at meteora, along a path, yields more.
class SplitCheck : public testing::Test {
 protected:
  static constexpr Units first_out = 150'000'000;
  static constexpr Units second_out = 75'000'000;

  SplitCheck() {
    accepted_.slippage_bps = 100;
    accepted_.allow_partial = true;
    route_ = route_event(1);
    route_.quotes[0].lost_because = "less than the split";
    add_quote("raydium", 1'000'000'000, first_out);
    add_quote("meteora", 500'000'000, second_out);
    route_.quotes[2].path = {{"meteora-3", "USDT"}, {"meteora-5", "USDC"}};
    route_.chosen = 1;
    route_.legs = 2;
  }

  void add_quote(VenueName venue, Units in, Units out) {
    VenueQuote quote = route_event(1).quotes[0];
    quote.venue = venue;
    quote.amount_in = Decimal{in, 9};
    quote.amount_out.units = out;
    quote.price = price_of(quote.amount_out, *quote.amount_in);
    route_.quotes.push_back(quote);
  }

  void add(const Event& event) { log_.add(id_, event); }
  // OrderAccepted to the last LegBuilt: seqs 1 to 6. `change` edits TransactionBuilt and LegBuilt.
  using Change = std::function<void(std::vector<Event>&)>;
  void build(const Change& change = {}, Attempt attempt = 1) {
    if (attempt == 1) add(accepted_);
    add(RoutingStarted{attempt});
    route_.attempt = attempt;
    add(route_);
    for (const Event& event : built(attempt, change)) add(event);
  }
  std::vector<Event> built(Attempt attempt, const Change& change = {}) {
    std::vector<LegQuote> quotes;
    for (std::uint32_t i = 0; i < route_.legs; ++i)
      quotes.push_back({route_.quotes[route_.chosen + i], 1'000 + i});
    Order order;
    order.id = id_;
    order.amount_in = accepted_.amount_in;
    order.output = accepted_.output;
    order.input = accepted_.input;
    order.slippage_bps = accepted_.slippage_bps;
    order.limit_price = accepted_.limit_price;
    const FirstQuote first = first_quote_of<std::string>(route_.quotes, route_.chosen, route_.legs,
                                                         accepted_.amount_in.units);
    order.first_expected_out = first.amount_out;
    order.first_quoted_in = first.amount_in;
    std::vector<Event> events = build_legs(order, attempt, quotes);
    if (change) change(events);
    return events;
  }
  static LegBuilt& leg_of(std::vector<Event>& events, std::size_t leg) {
    return std::get<LegBuilt>(events[leg + 1]);
  }

  LegSubmitted submitted(LegIndex leg) {
    return {1, leg, route_.quotes[1U + leg].venue, hash(static_cast<std::uint8_t>(7 + leg))};
  }
  LegFilled filled(LegIndex leg, Attempt attempt = 1) {
    LegFilled event;
    event.attempt = attempt;
    event.leg = leg;
    event.venue = route_.quotes[1U + leg].venue;
    event.tx_hash = hash(static_cast<std::uint8_t>(7 + leg));
    event.amount_in = *route_.quotes[1U + leg].amount_in;
    event.amount_out = {(leg == 0 ? first_out : second_out) - 1, 6};
    event.executed_price = price_of(event.amount_out, event.amount_in);
    event.fee = {1'000U + leg, 9};
    return event;
  }
  static LegEnded ended(LegIndex leg, ErrorClass error = ErrorClass::slippage_exceeded) {
    return {1, leg, error, "moved"};
  }
  // The attempt's end: the sums of these legs.
  template <class Fill>
  Fill sum(std::initializer_list<LegIndex> legs) {
    Fill event;
    event.attempt = 1;
    event.amount_in.scale = event.fee.scale = 9;
    event.amount_out.scale = 6;
    for (const LegIndex leg : legs) {
      const LegFilled part = filled(leg);
      if (leg == *legs.begin()) {
        event.venue = part.venue;
        event.tx_hash = part.tx_hash;
      }
      event.amount_in.units += part.amount_in.units;
      event.amount_out.units += part.amount_out.units;
      event.fee.units += part.fee.units;
    }
    event.executed_price = price_of(event.amount_out, event.amount_in);
    return event;
  }
  static OrderFailed dead_letter() { return {1, ErrorClass::attempt_expired, "mail", 1}; }
  // An operator states that leg 1 never settled.
  void state_leg_1() {
    build();
    OutcomeResolved resolved{1, "ops", "mail"};
    resolved.leg = 1;
    add(resolved);
    add(ended(1));
  }
  static AttemptFailed failed() { return {1, ErrorClass::slippage_exceeded, "moved", WallTime{}}; }

  std::string found(LogChecker::Options options = {}) {
    LogChecker checker(options);
    for (const std::string_view bytes : log_.views())
      if (const auto violation = checker.take(bytes)) {
        what_ = violation->what;
        return std::string(to_string(violation->invariant)) + " at " +
               std::to_string(violation->seq);
      }
    return "nothing";
  }

  RawLog log_;
  OrderAccepted accepted_ = accepted_event();
  RouteSelected route_;
  std::string what_;
  const OrderId id_ = order_id(1);
};

}  // namespace oee::test
