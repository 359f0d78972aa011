// RandomOrders: an endless log of random legal orders from a seed: failures, retries, requeues,
// discards, cancels at once and of live attempts, unknown outcomes, orders of each type, rests,
// triggers, fills in parts, exact outputs, paths, splits, amendments; every other market order has
// the price limit of an earlier program, which rounded it down; texts with quotes, backslashes,
// tabs and letters beyond ASCII.
#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/order/decide.h"
#include "core/order/order.h"
#include "core/order/slices.h"

namespace oee::test {

class RandomOrders {
 public:
  // About `open` orders are open at any time.
  explicit RandomOrders(std::uint64_t seed, std::size_t open = 20)
      : random_(seed), open_count_(open) {}

  // The next record: seqs from 1 without a hole, times that never decrease.
  Record next() {
    const bool goes_on = !append_.empty();
    const bool fresh = !goes_on && (open_orders_.size() < open_count_ || below(8) == 0);
    const std::size_t at = goes_on ? append_at_
                           : fresh ? open_orders_.size()
                                   : below(open_orders_.size());
    if (fresh) {
      open_orders_.emplace_back();
      open_orders_.back().id = ids_.next(1'770'000'000'000'000 + seq_, random_());
    }
    Order& order = open_orders_[at];
    const auto stated = stated_.find(order.id);
    const bool resolves = stated != stated_.end();
    const EventType type = goes_on    ? type_of(append_.front())
                           : resolves ? end_of(order, stated->second)
                                      : pick(order);
    Record record;
    record.seq = ++seq_;
    record.order_id = order.id;
    record.version = order.version + 1;
    if (!goes_on) time_ += Micros(below(3) == 0 ? 0 : below(2'000'000));
    record.time = time_;
    if (below(2) == 0) fill(record.correlation.bytes);
    if (goes_on) {
      record.event = std::move(append_.front());
      append_.erase(append_.begin());
    } else {
      record.event = event_of(type, order);
    }
    if (const auto* route = std::get_if<RouteSelected>(&record.event)) routes_[order.id] = *route;
    const auto evolved = evolve(order, record);
    check(evolved.ok(), "RandomOrders made an illegal event");
    if (order.legs_ended() && append_.empty())
      append_ = end_of_legs(order, {}, RetryRules(), time_, random_());
    else if (order.needs_requeue && append_.empty())
      append_.push_back(end_of_rest(order, time_).value());
    append_at_ = at;
    if (!order.open()) routes_.erase(order.id);
    if (resolves) stated_.erase(order.id);
    const bool ended = !order.open() && order.phase != Phase::failed;
    if (ended || (order.phase == Phase::failed && below(3) == 0)) {
      std::swap(order, open_orders_.back());
      open_orders_.pop_back();
    }
    return record;
  }
  std::vector<Record> take(std::size_t count) {
    std::vector<Record> records;
    for (std::size_t i = 0; i < count; ++i) records.push_back(next());
    return records;
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  template <class Bytes>
  void fill(Bytes& bytes) {
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
  }

  EventType pick(const Order& order) {
    std::vector<EventType> legal;
    for (const Transition& transition : lifecycle) {
      if (!is_legal(order.phase, transition.event) || !fits(order, transition.event)) continue;
      const bool early = amount_due(order, time_) < order.remaining();
      if (transition.event == EventType::transaction_built && early) continue;
      // Most steps go forward: an order that repeats steps at random would never end.
      const bool forward = transition.event != EventType::routing_started ||
                           !(phases(Phase::routing, Phase::routed) & phase_bit(order.phase));
      const PhaseSet seldom = phases(Phase::cancelled, Phase::expired, Phase::resting);
      const int weight = forward && transition.event != EventType::order_amended &&
                                 transition.event != EventType::cancel_requested &&
                                 !(seldom & phase_bit(transition.after))
                             ? 4
                             : 1;
      legal.insert(legal.end(), static_cast<std::size_t>(weight), transition.event);
    }
    return legal[below(legal.size())];
  }

  // The event that follows an operator's statement.
  static EventType end_of(const Order& order, const OutcomeResolved& stated) {
    if (!stated.settled)
      return fits(order, EventType::order_failed) ? EventType::order_failed
                                                  : EventType::attempt_failed;
    return fits(order, EventType::order_confirmed) ? EventType::order_confirmed
                                                   : EventType::order_partially_filled;
  }

  // The rules of decide() beside the table.
  static bool fits(const Order& order, EventType type) {
    const bool whole = order.exact_out || order.attempt_in == order.remaining();
    const bool traded = order.immediate() && order.attempt_built;
    const bool split = !order.legs.empty();
    switch (type) {
      case EventType::order_confirmed:
        return whole && !split;
      case EventType::order_partially_filled:
        return !whole && !split;
      case EventType::attempt_failed:
      case EventType::transaction_submitted:
        return !split;
      case EventType::leg_built:  // only behind its TransactionBuilt
        return false;
      case EventType::leg_submitted:
      case EventType::leg_outcome_unknown:
      case EventType::leg_filled:
      case EventType::leg_ended:
        return split;
      case EventType::order_rested:
        return order.type != OrderType::market && !order.cancel_requested;
      case EventType::order_triggered:
        return order.waits_for_trigger() && !order.cancel_requested;
      case EventType::routing_started:
        return !order.cancel_requested && !traded && !order.waits_for_trigger();
      case EventType::order_failed:
        return !order.cancel_requested && !order.immediate() && !split &&
               order.phase != Phase::pending;
      case EventType::order_amended:
      case EventType::cancel_requested:
        return !order.cancel_requested;
      default:
        return true;
    }
  }

  std::string text() {
    static const char* const texts[] = {"plain",
                                        "it's \"quoted\"",
                                        "back\\slash",
                                        "tab\there\nand line",
                                        "größer €5 漢字 🚀",
                                        "\\N",
                                        "a\\u0000b",
                                        ""};
    return texts[below(std::size(texts))];
  }
  Token token(int which) {
    static const Token tokens[] = {{"SOL", 9}, {"USDC", 6}, {"BONK", 5}, {"WEI", 18}, {"ONE", 0}};
    return tokens[(below(4) + static_cast<std::uint64_t>(which)) % 5];
  }
  TxHash hash() {
    TxHash hash;
    fill(hash.bytes);
    if (below(4) == 0) hash.bytes[0] = hash.bytes[1] = 0;
    return hash;
  }
  Units units() { return random_() >> below(64); }

  Event event_of(EventType type, const Order& order) {
    switch (type) {
      case EventType::order_accepted:
        return accepted();
      case EventType::routing_started: {
        RoutingStarted event;
        event.attempt = attempt_to_start(order);
        return event;
      }
      case EventType::route_selected:
        return route(order);
      case EventType::transaction_built:
        return built(order);
      case EventType::transaction_submitted: {
        TransactionSubmitted event;
        event.attempt = order.attempt;
        event.venue = order.venue;
        event.tx_hash = order.tx_hash.value_or(hash());
        return event;
      }
      case EventType::outcome_unknown: {
        OutcomeUnknown event;
        event.attempt = order.attempt;
        event.seen = text();
        event.interrupted = below(4) == 0 || !order.legs.empty();
        return event;
      }
      case EventType::outcome_resolved:
        return order.legs.empty() ? resolved(order) : resolved_leg(order);
      case EventType::leg_submitted: {
        const LegIndex leg = open_leg(order);
        return LegSubmitted{order.attempt, leg, order.legs[leg].venue,
                            order.legs[leg].tx_hash.value_or(hash())};
      }
      case EventType::leg_outcome_unknown:
        return LegOutcomeUnknown{order.attempt, open_leg(order), text()};
      case EventType::leg_filled:
        return filled_leg(order, open_leg(order));
      case EventType::leg_ended:
        return LegEnded{order.attempt, open_leg(order), error(), text()};
      case EventType::order_confirmed:
        return filled(OrderConfirmed(), order);
      case EventType::order_partially_filled:
        return filled(OrderPartiallyFilled(), order);
      case EventType::order_rested:
        return OrderRested{text()};
      case EventType::order_triggered:
        return triggered(order);
      case EventType::order_amended:
        return amended(order);
      case EventType::attempt_failed: {
        AttemptFailed event;
        event.attempt = order.attempt;
        event.error = below(9) == 0 ? ErrorClass::no_quote : error();
        event.detail = text();
        event.retry_at = time_ + Micros(1 + below(5'000'000));
        return event;
      }
      case EventType::order_failed: {
        OrderFailed event;
        event.attempt = order.attempt;
        event.error = error();
        event.detail = text();
        const bool counts =
            event.error != ErrorClass::interrupted && counts_as_attempt(order, event.error);
        event.attempts_made = order.attempts_made + (counts ? 1 : 0);
        return event;
      }
      default:
        return act(type);
    }
  }

  ErrorClass error() { return static_cast<ErrorClass>(below(8)); }

  Event act(EventType type) {
    const auto fill_in = [&](auto event) -> Event {
      event.by = text();
      event.why = text();
      if constexpr (requires { event.idempotency_key; }) {
        if (below(2) == 0) return event;
        event.idempotency_key = "change-" + std::to_string(seq_);
        fill(event.fingerprint);
      }
      return event;
    };
    switch (type) {
      case EventType::order_cancelled:
        return fill_in(OrderCancelled());
      case EventType::order_expired:
        return fill_in(OrderExpired());
      case EventType::dead_letter_requeued:
        return fill_in(DeadLetterRequeued());
      case EventType::cancel_requested:
        return fill_in(CancelRequested());
      default:
        return fill_in(DeadLetterDiscarded());
    }
  }

  OrderAccepted accepted() {
    OrderAccepted event;
    event.account = below(3) == 0 ? text() + "x" : "default";
    if (below(2) == 0) event.idempotency_key = "key-" + std::to_string(seq_);
    if (below(2) == 0) event.client_order_id = text() + std::to_string(seq_);
    fill(event.fingerprint);
    event.input = token(0);
    do event.output = token(1);
    while (event.output == event.input);
    event.amount_in = {units() | 1, event.input.decimals};
    event.slippage_bps = static_cast<std::uint32_t>(below(10'001));
    if (below(3) == 0) event.expires_at = time_ + Micros(below(100'000'000'000));
    if (below(3) == 0) event.min_out_floor = units();
    event.time_in_force = static_cast<TimeInForce>(below(5));
    event.allow_partial = event.time_in_force != TimeInForce::fok && below(2) == 0;
    const Decimal price = limit_price();
    const bool limit = output_at(price, event.amount_in, event.output.decimals).ok();
    event.type = static_cast<OrderType>(below(static_cast<std::uint64_t>(order_type_last) + 1));
    if (event.type == OrderType::limit && !limit) event.type = OrderType::market;
    if (limit &&
        (event.type == OrderType::limit || (event.type != OrderType::market && below(2) == 0)))
      event.limit_price = price;
    for (std::uint64_t tags = below(3); tags > 0; --tags)
      event.tags.push_back(std::to_string(below(4)) + text().substr(0, 8));
    if (below(4) == 0) event.quote_id = text() + "q";
    TypeTerms& terms = event.type_terms;
    if (event.type == OrderType::stop)
      terms.trigger.emplace(limit_price(), static_cast<TriggerWhen>(below(2)));
    if (event.type == OrderType::sniper && below(2) == 0)
      terms.min_liquidity = Decimal{units(), event.output.decimals};
    if (event.type == OrderType::twap)
      terms.slices.emplace(static_cast<std::uint32_t>(2 + below(10)), Micros(1 + below(500'000)),
                           static_cast<std::uint8_t>(below(101)));
    const Units exact = units() | 1;
    const bool traded =
        !event.limit_price ||
        input_at(*event.limit_price, {exact, event.output.decimals}, event.input.decimals) > 0;
    if (event.type != OrderType::twap && !event.min_out_floor && traded && below(3) == 0) {
      event.exact_out = exact;
      event.allow_partial = false;
    }
    return event;
  }
  // A price on the right side of the trigger, a liquidity that is enough.
  OrderTriggered triggered(const Order& order) {
    OrderTriggered event{"meteora", limit_price(), random_(), {}};
    const TypeTerms& terms = order.type_terms;
    if (terms.trigger) event.price = terms.trigger->price;
    if (order.type == OrderType::sniper)
      event.liquidity = terms.min_liquidity.value_or(Decimal{units(), order.output.decimals});
    return event;
  }
  // Positive, without trailing zeros.
  Decimal limit_price() { return {units() | 1, static_cast<std::uint8_t>(below(19))}; }

  OrderAmended amended(const Order& order) {
    OrderAmended event{text(), text(), {}, {}, {}};
    if (below(2) == 0) {
      event.idempotency_key = "change-" + std::to_string(seq_);
      fill(event.fingerprint);
    }
    Amendment& terms = event.terms;
    const auto fits = [&](Decimal price, Decimal amount) {
      if (order.exact_out)
        return price.units == 0 ||
               input_at(price, {*order.exact_out, order.output.decimals}, order.input.decimals) > 0;
      return output_at(price, amount, order.output.decimals).ok();
    };
    const Decimal amount{units() | 1, order.input.decimals};
    if (below(2) == 0 && amount.units > order.filled_in &&
        fits(order.limit_price.value_or(Decimal{}), amount))
      terms.amount_in = amount;
    const Decimal price = limit_price();
    if (order.limit_price && below(2) == 0 &&
        fits(price, terms.amount_in.value_or(order.amount_in)))
      terms.limit_price = price;
    if (order.type_terms.trigger && order.waits_for_trigger() && below(2) == 0)
      terms.trigger_price = limit_price();
    if (below(2) == 0) terms.slippage_bps = static_cast<std::uint32_t>(below(10'001));
    if (below(2) == 0 && !order.exact_out)
      terms.min_out_floor = Decimal{units(), order.output.decimals};
    // The records of this log never reach it.
    if (below(3) == 0) terms.expires_at = time_ + Micros(1'000'000'000'000'000);
    terms.expires_never = !terms.expires_at && below(3) == 0;
    return event;
  }

  RouteSelected route(const Order& order) {
    RouteSelected event;
    event.attempt = order.attempt;
    static const char* const venues[] = {"raydium", "meteora", "orca"};
    event.chosen = static_cast<std::uint32_t>(below(3));
    std::optional<Decimal> part;  // the amount of every quote
    if (order.allow_partial && order.remaining() > 1 && below(2) == 0)
      part = Decimal{1 + below(order.remaining() - 1), order.input.decimals};
    const Decimal amount = part.value_or(Decimal{order.remaining(), order.input.decimals});
    for (std::uint32_t i = 0; i < 3; ++i) {
      VenueQuote quote;
      quote.venue = venues[i];
      if (i != event.chosen && below(3) == 0) {
        quote.error = "timeout";
      } else {
        quote.amount_out = {units(), order.output.decimals};
        quote.amount_in = part;
        if (order.exact_out) {
          quote.amount_in = Decimal{1 + below(most_in(order)), order.input.decimals};
          quote.amount_out.units = std::max(quote.amount_out.units, *order.exact_out);
        }
        quote.price = price_of(quote.amount_out, quote.amount_in.value_or(amount));
        quote.fee = {units(), order.input.decimals};
        quote.price_impact_bps = static_cast<std::uint32_t>(below(10'000));
        quote.height = random_();
      }
      if (i != event.chosen) quote.lost_because = text() + "less";
      event.quotes.push_back(quote);
    }
    if (seq_ % 4 == 0 && !order.exact_out) choose_path(event, order);
    if (order.exact_out) {
      Decimal& least = *event.quotes[event.chosen].amount_in;
      for (const VenueQuote& quote : event.quotes)
        if (quote.amount_in) least.units = std::min(least.units, quote.amount_in->units);
      event.quotes[event.chosen].price = price_of(event.quotes[event.chosen].amount_out, least);
      return event;
    }
    Units& best = event.quotes[event.chosen].amount_out.units;
    for (const VenueQuote& quote : event.quotes) best = std::max(best, quote.amount_out.units);
    event.quotes[event.chosen].price = price_of(event.quotes[event.chosen].amount_out, amount);
    if (oee::may_be_split(order) && below(3) == 0) choose_split(event, order, amount);
    return event;
  }

  // Two to four quotes that share the amount and yield more together are chosen instead. Their sums
  // have 62 bits at most.
  void choose_split(RouteSelected& event, const Order& order, Decimal amount) {
    const std::uint32_t legs = 2 + static_cast<std::uint32_t>(below(legs_max - 1));
    const Units best = event.quotes[event.chosen].amount_out.units;
    if (amount.units < legs || best >> 60 != 0) return;
    std::vector<VenueQuote> quotes = event.quotes;
    const auto first = static_cast<std::uint32_t>(quotes.size());
    const Units share = amount.units / legs;
    for (std::uint32_t i = 0; i < legs; ++i) {
      VenueQuote& quote = quotes.emplace_back();
      const Units part = i == 0 ? amount.units - share * (legs - 1) : share;
      quote.venue = i % 2 == 0 ? "raydium" : "orca";
      quote.amount_in = Decimal{part, amount.scale};
      quote.amount_out = {i == 0 ? best + 1 : 1, order.output.decimals};
      quote.price = price_of(quote.amount_out, *quote.amount_in);
      quote.fee = {units(), amount.scale};
      quote.height = random_();
      if (i % 2 == 1) quote.path = {{"pool-3", "MID"}, {"pool-5", order.output.symbol}};
    }
    Order after = order;
    if (!after.first_expected_out) {
      const auto quote = first_quote_of<std::string>(quotes, first, legs, order.remaining());
      after.first_expected_out = quote.amount_out;
      after.first_quoted_in = quote.amount_in;
    }
    U128 least = 0;
    for (std::uint32_t i = first; i < quotes.size(); ++i)
      least += std::max(least_out(after, quotes[i].amount_in->units), quotes[i].amount_out.units);
    if (least >> 61 != 0) return;
    quotes[event.chosen].lost_because = "the split gives more";
    event.chosen = first;
    event.legs = legs;
    event.quotes = std::move(quotes);
  }

  // The chosen venue also quotes a path, which is chosen instead. Another path is not asked for.
  static void choose_path(RouteSelected& event, const Order& order) {
    VenueQuote& own = event.quotes[event.chosen];
    VenueQuote through = own;
    through.path = {{"pool-3", "MID"}, {"pool-5", order.output.symbol}};
    VenueQuote estimate;
    estimate.venue = own.venue;
    estimate.path = {{"pool-3", "MID"}, {"pool-8", "END"}, {"pool-6", order.output.symbol}};
    estimate.error = "not asked: its estimate is less";
    estimate.lost_because = "no quote";
    own.lost_because = "its path gives more";
    event.chosen = static_cast<std::uint32_t>(event.quotes.size());
    event.quotes.push_back(std::move(through));
    event.quotes.push_back(std::move(estimate));
  }

  Event built(const Order& order) {
    const RouteSelected& route = routes_.at(order.id);
    const auto first = route.quotes.begin() + route.chosen;
    if (route.legs > 1) {
      std::vector<LegQuote> legs;
      for (auto quote = first; quote != first + route.legs; ++quote)
        legs.push_back({*quote, random_()});
      append_ = build_legs(order, order.attempt, legs);
      Event event = append_.front();
      append_.erase(append_.begin());
      return event;
    }
    TransactionBuilt event = build_transaction(order, order.attempt, *first, random_());
    const U128 exact = U128{*order.first_expected_out} * (10'000 - order.slippage_bps);
    const bool old = order.accepted_seq % 2 == 0 && !order.limit_price && !order.exact_out &&
                     order.first_quoted_in == order.amount_in.units && order.filled_in == 0;
    if (old && exact % 10'000 != 0 && event.min_out.units > order.min_out_floor.value_or(0))
      --event.min_out.units;
    return event;
  }

  template <class Fill>
  Fill filled(Fill event, const Order& order) {
    event.attempt = order.attempt;
    event.venue = order.venue;
    event.tx_hash = order.tx_hash.value_or(hash());
    event.amount_in = {order.attempt_in, order.input.decimals};
    if (order.exact_out) event.amount_in.units = 1 + below(order.attempt_in);
    event.amount_out = {std::max(order.min_out.units, units()), order.output.decimals};
    event.executed_price = price_of(event.amount_out, event.amount_in);
    event.fee = {units(), order.input.decimals};
    if constexpr (requires { event.slippage_realised_bps; })
      event.slippage_realised_bps = static_cast<std::int32_t>(below(20'001)) - 10'000;
    if (const auto stated = stated_.find(order.id); stated != stated_.end()) {
      event.tx_hash = stated->second.tx_hash;
      event.amount_out = stated->second.amount_out;
      event.amount_in = stated->second.amount_in.value_or(event.amount_in);
      event.executed_price = price_of(event.amount_out, event.amount_in);
      event.fee = stated->second.fee;
    }
    return event;
  }

  LegIndex open_leg(const Order& order) {
    std::vector<LegIndex> open;
    for (LegIndex leg = 0; leg < order.legs.size(); ++leg)
      if (!order.legs[leg].ended()) open.push_back(leg);
    return open[below(open.size())];
  }
  LegFilled filled_leg(const Order& order, LegIndex leg) {
    AttemptFill fill;
    fill.tx_hash = order.legs[leg].tx_hash.value_or(hash());
    fill.amount_out = std::max(order.legs[leg].min_out.units, units() >> 4);
    fill.fee = units() >> 2;
    return std::get<LegFilled>(settle_leg(order, leg, fill));
  }
  // The leg's end follows at once.
  OutcomeResolved resolved_leg(const Order& order) {
    OutcomeResolved event{order.attempt, text(), text()};
    event.leg = open_leg(order);
    event.settled = below(2) == 0;
    if (!event.settled) {
      append_.push_back(LegEnded{order.attempt, *event.leg, error(), text()});
      return event;
    }
    const LegFilled end = filled_leg(order, *event.leg);
    event.tx_hash = end.tx_hash;
    event.amount_out = end.amount_out;
    event.fee = end.fee;
    append_.push_back(end);
    return event;
  }

  OutcomeResolved resolved(const Order& order) {
    OutcomeResolved event;
    event.attempt = order.attempt;
    event.by = text();
    event.why = text();
    event.settled = below(2) == 0;
    if (event.settled) {
      const OrderConfirmed end = filled(OrderConfirmed(), order);
      event.tx_hash = end.tx_hash;
      event.amount_out = end.amount_out;
      event.fee = end.fee;
      if (order.exact_out) event.amount_in = end.amount_in;
    }
    if (below(2) == 0) {
      event.idempotency_key = "change-" + std::to_string(seq_);
      fill(event.fingerprint);
    }
    stated_[order.id] = event;
    return event;
  }

  std::mt19937_64 random_;
  const std::size_t open_count_;
  OrderIdSource ids_;
  std::vector<Order> open_orders_;
  std::map<OrderId, RouteSelected> routes_;    // the newest ones of the open orders
  std::map<OrderId, OutcomeResolved> stated_;  // their ends follow
  std::vector<Event> append_;                  // the events of the append that are to come
  std::size_t append_at_ = 0;                  // the order of the last record
  Seq seq_ = 0;
  WallTime time_{Micros(1'770'000'000'000'000)};
};

}  // namespace oee::test
