// Deliberate wrong records: a store that writes or returns other bytes than it was given. One
// thread.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "eventlog/codec.h"
#include "tests/sim/plan/mutants.h"

namespace oee::sim {

inline constexpr Seq bug_at = 20;  // early enough for most runs, late enough for records before it

struct Stored {
  RecordHeader header;
  Event event;
};
using Edit = std::function<void(Stored&)>;

// Rewrites every record through `edit`, with a valid chain and CRC: a writer whose contents are
// wrong, not its format.
inline Mutants rewriting(Edit edit) {
  Mutants mutants;
  mutants.stored = [edit, chain = Hash256{}](std::string_view bytes) mutable {
    const auto record = decode_record(bytes);
    auto header = decode_header(bytes);
    check(record.ok() && header.ok(), "the log holds good records");
    Stored stored{*header, record->event};
    stored.header.previous_chain = chain;
    edit(stored);
    stored.header.type = type_of(stored.event);
    std::string out;
    chain = append_record(out, stored.header, encode_event(stored.event)->payload);
    return out;
  };
  return mutants;
}

// Rewrites one record: the first for which `change` returns true.
template <class Change>
inline Mutants rewriting_once(Change change) {
  return rewriting([change, done = false](Stored& stored) mutable {
    if (!done) done = change(stored);
  });
}

inline Mutants flips_a_byte() {
  Mutants mutants;
  mutants.stored = [seq = Seq{0}](std::string_view bytes) mutable {
    std::string out(bytes);
    if (++seq == bug_at) out.back() = static_cast<char>(out.back() ^ 1);
    return out;
  };
  return mutants;
}
inline Mutants skips_a_seq() {
  return rewriting([](Stored& stored) { stored.header.seq += stored.header.seq >= bug_at; });
}
inline Mutants forgets_the_chain() {
  return rewriting([](Stored& stored) {
    if (stored.header.seq == bug_at) stored.header.previous_chain = Hash256{};
  });
}
inline Mutants stamps_the_past() {
  return rewriting([](Stored& stored) {
    if (stored.header.seq == bug_at) stored.header.time -= Micros(3'600'000'000);
  });
}
inline Mutants skips_a_version() {
  return rewriting_once([](Stored& stored) {
    if (stored.header.version < 2) return false;
    ++stored.header.version;
    return true;
  });
}
inline Mutants leaves_the_table() {
  return rewriting_once([](Stored& stored) {
    const auto* route = std::get_if<RouteSelected>(&stored.event);
    if (route == nullptr) return false;
    stored.event = TransactionSubmitted{route->attempt, "raydium", TxHash{}};
    return true;
  });
}
// Moves the next start of an attempt to an order that is confirmed.
inline Mutants goes_on_after_the_end() {
  return rewriting([confirmed = RecordHeader(), done = false](Stored& stored) mutable {
    if (std::holds_alternative<OrderConfirmed>(stored.event)) confirmed = stored.header;
    if (done || confirmed.seq == 0 || !std::holds_alternative<RoutingStarted>(stored.event)) return;
    stored.header.order_id = confirmed.order_id;
    stored.header.version = confirmed.version + 1;
    done = true;
  });
}
inline Mutants names_another_attempt() {
  return rewriting_once([](Stored& stored) {
    auto* route = std::get_if<RouteSelected>(&stored.event);
    if (route == nullptr) return false;
    ++route->attempt;
    return true;
  });
}
// Uses the venue order id of the attempt built before, not H(order id, attempt) of this one.
inline Mutants reuses_a_venue_id() {
  return rewriting([last = VenueOrderId{}](Stored& stored) mutable {
    auto* built = std::get_if<TransactionBuilt>(&stored.event);
    if (built == nullptr) return;
    if (!last.is_zero()) built->venue_order_id = last;
    last = built->venue_order_id;
  });
}
// A leg has the venue order id of leg 0.
inline Mutants gives_legs_one_id() {
  return rewriting([first = VenueOrderId{}](Stored& stored) mutable {
    auto* leg = std::get_if<LegBuilt>(&stored.event);
    if (leg == nullptr) return;
    if (leg->leg == 0) first = leg->venue_order_id;
    leg->venue_order_id = first;
  });
}
// The first leg that ends, ends its attempt.
inline Mutants ends_with_its_first_leg() {
  return rewriting_once([](Stored& stored) {
    const auto* leg = std::get_if<LegFilled>(&stored.event);
    if (leg == nullptr) return false;
    stored.event = AttemptFailed{leg->attempt, ErrorClass::attempt_expired, "", stored.header.time};
    return true;
  });
}
// The fee of the attempt is not the sum of its legs'.
inline void states_another_fee(LegFilled& filled) {
  if (filled.leg != 0) ++filled.fee.units;
}
inline void loosens_a_leg(LegBuilt& leg) {
  if (leg.min_out.units > 0) --leg.min_out.units;
}
// A second order under the key of an earlier one.
inline Mutants shares_a_key() {
  return rewriting([first = std::string()](Stored& stored) mutable {
    auto* order = std::get_if<OrderAccepted>(&stored.event);
    if (order == nullptr) return;
    if (first.empty()) {
      first = order->idempotency_key;
    } else {
      order->idempotency_key = first;
    }
  });
}

// Changes every event of one type.
template <class E>
std::function<Mutants()> changing(void (*change)(E&)) {
  return [change] {
    return rewriting([change](Stored& stored) {
      if (auto* event = std::get_if<E>(&stored.event)) change(*event);
    });
  };
}
inline void gives_up_the_price(TransactionBuilt& built) {
  built.min_out.units = 0;
}
inline void fills_half(OrderConfirmed& confirmed) {
  confirmed.amount_out.units /= 2;
}
inline void sells_one_more(TransactionBuilt& built) {
  ++built.amount_in.units;
}
inline void passes_a_better_quote_over(RouteSelected& route) {
  const Units chosen = route.quotes[route.chosen].amount_out.units;
  for (std::uint32_t i = 0; i < route.quotes.size(); ++i)
    if (i != route.chosen && route.quotes[i].error.empty())
      route.quotes[i].amount_out.units = chosen + 1;
}
inline void states_another_price(OrderConfirmed& confirmed) {
  ++confirmed.executed_price.units;
}
inline void goes_elsewhere(TransactionBuilt& built) {
  built.venue = built.venue == "raydium" ? "meteora" : "raydium";
}
inline void takes_another_path(TransactionBuilt& built) {
  if (!built.path.empty()) built.path.front().pool = "raydium-0";
}
inline void confirms_another(OrderConfirmed& confirmed) {
  confirmed.tx_hash.bytes[0] ^= 1;
}
// An attempt whose outcome is unknown is submitted again, as another transaction.
inline Mutants submits_another() {
  using Attempts = std::map<std::pair<OrderId, Attempt>, TransactionSubmitted>;
  return rewriting([submitted = Attempts()](Stored& stored) mutable {
    const OrderId& id = stored.header.order_id;
    if (const auto* sent = std::get_if<TransactionSubmitted>(&stored.event))
      submitted.emplace(std::pair(id, sent->attempt), *sent);
    const auto* unknown = std::get_if<OutcomeUnknown>(&stored.event);
    if (unknown == nullptr) return;
    const auto first = submitted.find(std::pair(id, unknown->attempt));
    if (first == submitted.end()) return;
    TransactionSubmitted another = first->second;
    another.tx_hash.bytes[0] ^= 1;
    stored.event = another;
  });
}
inline void hides_an_attempt(OrderFailed& failed) {
  --failed.attempts_made;
}
inline Mutants loosens_on_a_retry() {
  return rewriting([built_before = std::set<OrderId>()](Stored& stored) mutable {
    auto* built = std::get_if<TransactionBuilt>(&stored.event);
    if (built != nullptr && !built_before.insert(stored.header.order_id).second)
      --built->min_out.units;
  });
}
// The first quote less the slippage, rounded down where it is not a whole number of units.
inline Mutants rounds_down() {
  struct Terms {
    std::uint32_t slippage_bps = 0;
    std::optional<Units> quote;
  };
  return rewriting([orders = std::map<OrderId, Terms>()](Stored& stored) mutable {
    Terms& terms = orders[stored.header.order_id];
    if (const auto* order = std::get_if<OrderAccepted>(&stored.event))
      terms.slippage_bps = order->slippage_bps;
    if (const auto* route = std::get_if<RouteSelected>(&stored.event); route && !terms.quote)
      terms.quote = route->quotes[route->chosen].amount_out.units;
    auto* built = std::get_if<TransactionBuilt>(&stored.event);
    if (built != nullptr && U128{*terms.quote} * (10'000 - terms.slippage_bps) % 10'000 != 0)
      --built->min_out.units;
  });
}
// Expires at once, and is built all the same.
inline Mutants outlives_its_expiry() {
  return rewriting([](Stored& stored) {
    auto* order = std::get_if<OrderAccepted>(&stored.event);
    if (order == nullptr) return;
    order->expires_at = stored.header.time;
    order->expires_by_log_time = true;
  });
}
// The venue is asked to end an attempt; after its end another one starts.
inline Mutants goes_on_after_a_cancel() {
  return rewriting([](Stored& stored) {
    if (std::holds_alternative<OutcomeUnknown>(stored.event))
      stored.event = CancelRequested{"client", "enough"};
  });
}
inline void trades_once(OrderAccepted& order) {
  order.time_in_force = TimeInForce::ioc;
}
// The engine sells the slices that it accepted, and the log states fewer for the same time.
inline void has_later_slices(OrderAccepted& order) {
  if (order.type_terms.slices) order.type_terms.slices->interval *= 10;
}
inline void waits_for_a_trigger(OrderAccepted& order) {
  order.type = OrderType::stop;
  order.type_terms.trigger.emplace(Decimal{1, 0}, TriggerWhen::at_or_below);
}
inline void has_a_high_limit(OrderAccepted& order) {
  order.limit_price = Decimal{1'000'000'000, 0};
}
inline void sells_one_unit(RouteSelected& route) {
  VenueQuote& chosen = route.quotes[route.chosen];
  chosen.amount_in = Decimal{1, chosen.fee.scale};
}
inline Mutants reports_the_whole_as_a_part() {
  return rewriting([](Stored& stored) {
    const auto* whole = std::get_if<OrderConfirmed>(&stored.event);
    if (whole == nullptr) return;
    OrderPartiallyFilled part{whole->attempt,   whole->venue,      whole->tx_hash,
                              whole->amount_in, whole->amount_out, whole->executed_price,
                              whole->fee};
    stored.event = part;
  });
}
// The log halts everything, and the engine what was asked for: a venue, a token.
inline void halts_everything(TradingHalted& halted) {
  halted.scope = HaltScope::all;
  halted.value.clear();
}
inline Mutants tries_once_more() {
  Mutants mutants;
  ++mutants.attempts_max;
  return mutants;
}

}  // namespace oee::sim
